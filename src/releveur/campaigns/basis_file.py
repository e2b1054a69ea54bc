"""The basis as a file for the ERP: the same bytes for ever once it is signed."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from releveur.campaigns import basis
from releveur.campaigns.models import Campaign
from releveur.campaigns.profile import OURS, Profile
from releveur.importing.formulas import neutral
from releveur.rules.schedule import PARIS

type Printed = Mapping[str, str | int | None]

VOLUMES = ("net", "of_this_period", "regularisation")
DATES = ("due_on", "previous_on", "new_on")


def as_csv(campaign: Campaign, profile: Profile = OURS) -> bytes:
    """The lines, then a total per meter kind and a grand total; CRLF, the rest as the profile says.

    Ours: `;`, UTF-8 with BOM, dd/mm/yyyy. A letter that cp1252 does not have becomes `?`.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=profile.separator, lineterminator="\r\n")
    writer.writerow(profile.columns.values())
    for row in rows(campaign, profile):
        writer.writerow(_cell(key, row.get(key), profile) for key in profile.columns)
    return out.getvalue().encode(profile.encoding, errors="replace")


def as_json(campaign: Campaign) -> bytes:
    """The same lines and totals for a program: ISO dates, numbers as numbers."""
    found = lines(campaign)
    body = {
        "campaign": campaign.pk,
        "due_until": campaign.due_until.isoformat(),
        "state": "PROVISOIRE" if campaign.signed_at is None else "VALIDÉE",
        "signed_at": campaign.signed_at.astimezone(PARIS).isoformat()
        if campaign.signed_at
        else None,
        "signed_by": campaign.signed_by or None,
        "lines": found,
        "totals": _totals(found),
    }
    return (json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def rows(campaign: Campaign, profile: Profile) -> Iterator[Printed]:
    """The lines with their state, then the totals where the profile wants them."""
    found, state = lines(campaign), _state(campaign)
    for line in found:
        yield {**line, "state": state}
    if profile.totals:
        for label, totals in _totals(found).items():
            yield {"state": "TOTAL", "meter": label, **totals}


def lines(campaign: Campaign) -> Sequence[Printed]:
    """What was stored by the signature; before it, what it would store now."""
    if campaign.state == Campaign.State.SIGNED:
        return list(campaign.basis_lines.order_by("position").values_list("printed", flat=True))
    return [basis.printed(line) for line in basis.compute(campaign)]


def _state(campaign: Campaign) -> str:
    if campaign.signed_at is None:
        return "PROVISOIRE"
    return f"validée le {campaign.signed_at.astimezone(PARIS):%d/%m/%Y} par {campaign.signed_by}"


def _totals(printed: Iterable[Printed]) -> dict[str, dict[str, int]]:
    """Volumes per meter kind, and of all kinds together under « Tous »."""
    totals: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(VOLUMES, 0))
    for line in printed:
        for label in (str(line["meter"]), "Tous"):
            for key in VOLUMES:
                volume = line[key]
                assert isinstance(volume, int)
                totals[label][key] += volume
    return {
        label: totals[label] for label in sorted(totals, key=lambda label: (label == "Tous", label))
    }


def _cell(key: str, value: str | int | None, profile: Profile) -> str | int:
    """Texts that a spreadsheet would run as a formula are quoted; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int):
        decimals = profile.decimals if key in VOLUMES else 0
        return f"{value}{profile.decimal_sign}{'0' * decimals}" if decimals else value
    if key in DATES and value:
        return f"{date.fromisoformat(value):{profile.date_format}}"
    return neutral(value)
