"""The basis as a file for the ERP: the same bytes for ever once it is signed."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from releveur.campaigns import basis, basis_cells
from releveur.campaigns.basis_cells import AT_A_TIME, VOLUMES, Printed, Texts
from releveur.campaigns.models import Campaign
from releveur.campaigns.profile import OURS, Profile
from releveur.rules.schedule import PARIS


def as_csv(campaign: Campaign, profile: Profile = OURS) -> bytes:
    """The whole of `in_parts`."""
    return b"".join(in_parts(campaign, profile))


def in_parts(campaign: Campaign, profile: Profile = OURS) -> Iterator[bytes]:
    """The lines, then a total per meter kind and a grand total; CRLF, the rest as the profile says.

    Ours: `;`, UTF-8 with BOM, dd/mm/yyyy. A letter that cp1252 does not have becomes `?`. Nothing else
    may ask the database before the last part is read.
    """
    encode = codecs.getincrementalencoder(profile.encoding)("replace").encode
    yield encode(_headings(profile))
    is_signed = _is_signed(campaign)
    found = [] if is_signed else lines(campaign)
    summed = basis_cells.sums(campaign.pk) if is_signed else found
    texts = Texts(profile, state=_state(campaign), dated=summed)
    for some in texts.stored(campaign.pk) if is_signed else texts.given(found):
        yield encode(some)
    if profile.totals:
        for some in texts.given(_total_lines(summed)):
            yield encode(some)


def _headings(profile: Profile) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=profile.separator, lineterminator="\r\n")
    writer.writerow(profile.columns.values())
    return out.getvalue()


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
    is_signed, state = _is_signed(campaign), _state(campaign)
    found = [] if is_signed else lines(campaign)
    for line in _stored(campaign) if is_signed else found:
        yield {**line, "state": state}
    if profile.totals:
        yield from _total_lines(basis_cells.sums(campaign.pk) if is_signed else found)


def lines(campaign: Campaign) -> Sequence[Printed]:
    """What was stored by the signature; before it, what it would store now."""
    if _is_signed(campaign):
        return list(_stored(campaign))
    return [basis.printed(line) for line in basis.compute(campaign)]


def _stored(campaign: Campaign) -> Iterator[Printed]:
    stored = campaign.basis_lines.order_by("position").values_list("printed", flat=True)
    return stored.iterator(AT_A_TIME)


def _is_signed(campaign: Campaign) -> bool:
    return campaign.state == Campaign.State.SIGNED


def _state(campaign: Campaign) -> str:
    if campaign.signed_at is None:
        return "PROVISOIRE"
    return f"validée le {campaign.signed_at.astimezone(PARIS):%d/%m/%Y} par {campaign.signed_by}"


def _total_lines(printed: Iterable[Printed]) -> Iterator[Printed]:
    for label, totals in _totals(printed).items():
        yield {"state": "TOTAL", "meter": label, **totals}


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
