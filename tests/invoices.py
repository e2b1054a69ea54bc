"""What an ERP invoiced, as a file, and the command that compares it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management import call_command

type Row = dict[str, str]


def compare(*arguments: object) -> dict[str, Any]:
    """The command as a script calls it."""
    out = io.StringIO()
    call_command("compare_basis", *map(str, arguments), "--json", stdout=out, stderr=io.StringIO())
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def a_table(folder: Path, rows: Iterable[Row], *, name: str = "factures.csv") -> Path:
    listed = list(rows)
    path = folder / name
    with path.open("w", encoding="cp1252", newline="") as file:
        writer = csv.DictWriter(file, list(listed[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(listed)
    return path


def a_row(serial: str = "3923656030", meter: str = "Noir", **changes: str) -> Row:
    """The seed's invoice line of 5 April."""
    return {
        "N° de contrat": "SSC-1007", "N° de série": serial, "Compteur": meter,
        "Date ancien relevé": "05/01/2022", "Ancien index": "39684",
        "Date nouveau relevé": "05/04/2022", "Nouvel index": "41200", "Quantité": "1516",
    } | changes  # fmt: skip


def rows_of(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def why(answer: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    return {
        (one["serial"], one["meter"]): [part["code"] for part in one["parts"]]
        for one in answer["differences"]
    }
