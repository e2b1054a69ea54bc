"""What the ERP invoiced in a period, from its own file: read to be compared, never written.

One row per meter (`Compteur`, previous and new index, quantity), or one row per device with columns
per meter (`Ancien Noir`, `Nouveau Noir`, `Quantité Noir`). The file that `export_basis` writes is
read as it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.utils.translation import gettext as _

from releveur.importing import cells as reading_cells
from releveur.importing import kinds, mapping, tables, values
from releveur.importing.cells import Cells
from releveur.importing.columns import FLEET, READINGS, bare, find
from releveur.importing.report import Report
from releveur.readings.models import Quality
from releveur.rules.comparison import Index, Line

INVOICED: Mapping[str, Sequence[str]] = {
    "serial": FLEET["serial"],
    "contract": (*FLEET["contract"], "N° SSC", "N° SSC ARTIS"),
    "meter": (*FLEET["meter"], "Unité de ventilation"),
    "previous_on": (
        "Date du dernier relevé facturé", "Date ancien", "Date ancien relevé",
        "Date de l'ancien index", "Période facturée début", "Date début",
    ),
    "previous": (
        "Dernier relevé facturé", "Ancien index", "Ancien compteur", "Ancien relevé", "Ancien",
        "Dernier compteur facturé", "Début",
    ),
    "new_on": (
        "Date du relevé", "Date nouveau", "Date nouveau relevé", "Date du nouvel index",
        "Période facturée fin", "Date relevé", "Date fin", "Date",
    ),
    "new": (
        "Relevé", "Nouvel index", "Nouveau compteur", "Nouveau relevé", "Nouveau",
        "Compteur facturé", "Index", "Valeur", "Fin",
    ),
    "nature": (*READINGS["nature"], "Type du relevé facturé"),
    "quantity": ("Impressions", "Quantité", "Qté", "Volume", "Nombre copies facturées"),
}  # fmt: skip

_OF_A_METER = re.compile(
    r"(?:(?P<previous>ancien|début)|(?P<new>nouveau|nouvel|fin|compteur)"
    r"|(?P<quantity>quantité|qté|impressions|volume))"
    r"(?: (?:index|compteur|relevé))?[ _:-]+(?P<label>.+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Invoiced:
    """One line, what its meter is called there, and its contract where no serial number stands."""

    line: Line
    label: str
    contract: str


@dataclass(slots=True)
class _Shape:
    """Where the columns of each meter stand, for rows of a whole device."""

    headings: Sequence[str]
    meters: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    others: list[str] = field(default_factory=list)


def read(
    path: Path, *, report: Report, sheet: str = "", by: mapping.Named | None = None
) -> list[Invoiced]:
    """The lines of a file; what cannot be read is an error of the report.

    :param sheet: the sheet of a workbook; the first one when empty
    :param by: the mapping of its headings
    """
    try:
        return list(_rows(mapping.read(path, sheet=sheet, by=by), report))
    except tables.Unreadable as problem:
        report.error(problem.line, "", "", str(problem))
        return []


def _rows(table: tables.Table, report: Report) -> Iterator[Invoiced]:
    codes = kinds.known()
    shape = _shape(table, codes)
    columns = find(table.headings, INVOICED, mapped=shape.others)
    _require(columns.fields, shape)
    for row in table.rows:
        cells = Cells(row, columns, INVOICED, report)
        if not reading_cells.usable(cells):
            continue
        if shape.meters:
            yield from _of_a_device(cells, shape, codes)
        else:
            yield from _of_a_meter(cells, codes)


def _shape(table: tables.Table, codes: Mapping[str, str]) -> _Shape:
    """Columns of a meter count where no column names the meter of the row."""
    shape = _Shape(table.headings)
    names = table.names or table.headings
    a_row_per_meter = {bare(one) for one in INVOICED["meter"]} & set(map(bare, names))
    ours = {bare(one) for spellings in INVOICED.values() for one in spellings}
    for position, heading in enumerate(names):
        found = None if bare(heading) in ours else _OF_A_METER.fullmatch(heading)
        if a_row_per_meter or found is None or bare(found["label"]) not in codes:
            shape.others.append(heading)
            continue
        shape.others.append("")
        what = next(name for name in ("previous", "new", "quantity") if found[name])
        shape.meters[found["label"].strip()].setdefault(what, position)
    return shape


def _require(fields: Mapping[str, int], shape: _Shape) -> None:
    missing = [] if {"serial", "contract"} & set(fields) else [INVOICED["serial"][0]]
    if not shape.meters:
        missing += [INVOICED[name][0] for name in ("meter",) if name not in fields]
        if not {"quantity", "new"} & set(fields):
            missing.append(INVOICED["quantity"][0])
    if missing:
        message = _("These headings are missing: %(names)s. Export the file again with them.")
        raise tables.Unreadable(message % {"names": ", ".join(missing)})


def _of_a_meter(cells: Cells, codes: dict[str, str]) -> Iterator[Invoiced]:
    label = cells.text("meter", 60)
    if not label:
        cells.error("meter", "", _("The line names no meter. Write it."))
        return
    previous = cells.read("previous", values.count)
    new = cells.read("new", values.count)
    yield from _line(cells, codes, label, previous, new, cells.read("quantity", _signed))


def _of_a_device(cells: Cells, shape: _Shape, codes: dict[str, str]) -> Iterator[Invoiced]:
    """A meter whose cells are empty is not billed; so is one of zeros, as of a device without colour."""
    for label, places in shape.meters.items():
        previous = _at(cells, places.get("previous"))
        new = _at(cells, places.get("new"))
        at = places.get("quantity")
        quantity = None if at is None else cells.number(at, _signed)
        if previous or new or quantity:
            yield from _line(cells, codes, label, previous, new, quantity)


def _at(cells: Cells, position: int | None) -> int | None:
    return None if position is None else cells.number(position, values.count)


def _line(
    cells: Cells,
    codes: dict[str, str],
    label: str,
    previous: int | None,
    new: int | None,
    quantity: int | None,
) -> Iterator[Invoiced]:
    serial = cells.read("serial", values.serial) or ""
    contract = cells.read("contract", values.identifier) or ""
    real = _is_real(cells)
    begins, ends = cells.read("previous_on", values.day), cells.read("new_on", values.day)
    if quantity is None and previous is not None and new is not None:
        quantity = new - previous
    if quantity is None:
        cells.error("quantity", "", _("The line has no quantity. Write it, or both indexes."))
    elif not serial and not contract:
        cells.error("serial", "", _("The device has no serial number. Write it."))
    else:
        line = Line(
            (serial, kinds.code(label, codes)),
            quantity,
            _index(previous, begins),
            _index(new, ends, real),
            cells.line,
        )
        yield Invoiced(line, label, contract)


def _is_real(cells: Cells) -> bool | None:
    """Of an index: read or estimated; an occasion is read, as ERPs mix both in one column."""
    text = cells.text("nature")
    if bare(text) in values.OCCASIONS:
        return True
    nature = values.NATURES.get(bare(text))
    if text and nature is None:
        cells.warn("nature", text, _("This nature is not known: it was left aside."))
    return None if nature is None else nature != Quality.ESTIMATED


def _index(value: int | None, on: date | None, real: bool | None = None) -> Index | None:
    return None if value is None else Index(value, on, real)


def _signed(text: str) -> int:
    """Impressions; what is given back stands with a minus before or behind it."""
    bare_text = text.strip().replace("\u2212", "-")
    number = values.count(bare_text.strip("-"))
    return -number if bare_text.startswith("-") or bare_text.endswith("-") else number
