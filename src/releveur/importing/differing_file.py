"""What the office has yet to type into the ERP, as a file: CSV, or a workbook with typed cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from releveur.importing.differing import Changed, Shown
from releveur.importing.formulas import neutral
from releveur.importing.report import tables_in_words


def as_csv(changes: Iterable[Changed]) -> str:
    """`;` between cells, days as dd/mm/yyyy; what a spreadsheet would run is quoted."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    for row in _rows(changes):
        writer.writerow([_text(cell) for cell in row])
    return out.getvalue()


def as_xlsx(changes: Iterable[Changed]) -> bytes:
    """The same rows; days and numbers as such, texts never formulas."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("To enter in the ERP"))
    assert isinstance(sheet, WriteOnlyWorksheet)
    sheet.freeze_panes = "A2"
    for row in _rows(changes):
        sheet.append([_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _rows(changes: Iterable[Changed]) -> Iterator[tuple[Shown, ...]]:
    yield (
        _("Table"),
        _("Customer code"),
        _("Key"),
        _("Heading"),
        _("Value in the ERP"),
        _("Value here"),
    )
    tables = tables_in_words()
    for one in changes:
        yield tables[one.table], one.customer, one.key, one.heading, one.erp, one.here


def _text(cell: Shown) -> str | int:
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    return neutral(cell) if isinstance(cell, str) else cell


def _cell(sheet: WriteOnlyWorksheet, value: Shown) -> Cell:
    if isinstance(value, date):
        cell = WriteOnlyCell(sheet, datetime.combine(value, time()))
        cell.number_format = "dd/mm/yyyy"
        return cell
    if isinstance(value, int):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value) or None)
    if value:
        cell.data_type = "s"
    return cell
