"""The basis as a file for the ERP: the same bytes for ever once it is signed."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from releveur.campaigns import basis
from releveur.campaigns.models import Campaign
from releveur.rules.schedule import PARIS

type Printed = Mapping[str, str | int | None]

COLUMNS: Mapping[str, str] = {
    "state": "Préfacturation",
    "contract": "N° de contrat",
    "payer_code": "Code client facturé",
    "payer_name": "Client facturé",
    "customer_reference": "Référence client",
    "service_code": "Code service",
    "commitment_number": "N° d’engagement",
    "customer_code": "Code client",
    "customer_name": "Raison sociale",
    "site": "Site",
    "address": "Adresse",
    "location": "Emplacement",
    "maker": "Marque",
    "model": "Modèle",
    "serial": "N° de série",
    "fleet_number": "N° de parc",
    "meter": "Compteur",
    "due_on": "Échéance",
    "previous_on": "Date du dernier relevé facturé",
    "previous_value": "Dernier relevé facturé",
    "previous_nature": "Nature du dernier relevé",
    "new_on": "Date du relevé",
    "new_value": "Relevé",
    "new_nature": "Nature",
    "origin": "Origine",
    "net": "Impressions",
    "of_this_period": "Dont de cette période",
    "regularisation": "Dont régularisation",
    "anomaly": "Anomalie",
    "estimated_how": "Méthode d’estimation",
    "proof": "Photo justificative",
}
VOLUMES = ("net", "of_this_period", "regularisation")
DATES = ("due_on", "previous_on", "new_on")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def as_csv(campaign: Campaign) -> bytes:
    """The lines, then a total per meter kind and a grand total; `;`, BOM, dd/mm/yyyy, CRLF."""
    lines, state = _lines(campaign), _state(campaign)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS.values())
    for line in lines:
        writer.writerow(_cell(key, state if key == "state" else line[key]) for key in COLUMNS)
    for label, totals in _totals(lines).items():
        row: dict[str, str | int] = {"state": "TOTAL", "meter": label, **totals}
        writer.writerow(_cell(key, row.get(key, "")) for key in COLUMNS)
    return out.getvalue().encode("utf-8-sig")


def as_json(campaign: Campaign) -> bytes:
    """The same lines and totals for a program: ISO dates, numbers as numbers."""
    lines = _lines(campaign)
    body = {
        "campaign": campaign.pk,
        "due_until": campaign.due_until.isoformat(),
        "state": "PROVISOIRE" if campaign.signed_at is None else "VALIDÉE",
        "signed_at": campaign.signed_at.astimezone(PARIS).isoformat()
        if campaign.signed_at
        else None,
        "signed_by": campaign.signed_by or None,
        "lines": lines,
        "totals": _totals(lines),
    }
    return (json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _lines(campaign: Campaign) -> Sequence[Printed]:
    """What was stored by the signature; before it, what it would store now."""
    if campaign.state == Campaign.State.SIGNED:
        return list(campaign.basis_lines.order_by("position").values_list("printed", flat=True))
    return [basis.printed(line) for line in basis.compute(campaign)]


def _state(campaign: Campaign) -> str:
    if campaign.signed_at is None:
        return "PROVISOIRE"
    return f"validée le {campaign.signed_at.astimezone(PARIS):%d/%m/%Y} par {campaign.signed_by}"


def _totals(lines: Iterable[Printed]) -> dict[str, dict[str, int]]:
    """Volumes per meter kind, and of all kinds together under « Tous »."""
    totals: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(VOLUMES, 0))
    for line in lines:
        for label in (str(line["meter"]), "Tous"):
            for key in VOLUMES:
                volume = line[key]
                assert isinstance(volume, int)
                totals[label][key] += volume
    return {
        label: totals[label] for label in sorted(totals, key=lambda label: (label == "Tous", label))
    }


def _cell(key: str, value: str | int | None) -> str | int:
    """Texts that a spreadsheet would run as a formula are quoted; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int):
        return value
    if key in DATES and value:
        return f"{date.fromisoformat(value):%d/%m/%Y}"
    return f"'{value}" if value.startswith(FORMULA) else value
