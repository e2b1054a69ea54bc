"""A person's sheet as a workbook to fill in: everything protected but the cells that wait for a number.

What stands is filled in; the column that cannot be seen tells which readings the workbook showed, so
that a colleague's newer one is noticed when it comes back.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from releveur.campaigns.letter import in_words
from releveur.fleet.models import MeterKind
from releveur.readings import wording
from releveur.web.portal.sheet import Group, Row, Sheet, Status

SERIAL, CODE, TAKEN_ON, SEEN = "serial", "code", "taken_on", "seen"
NEW = "new-"
"""Before the key of a kind: the column of its new counter."""

LONGEST_TEXT = 300
TALLEST = 999_999_999_999
FIRST_DAY = date(2000, 1, 1)

_HEADING = PatternFill("solid", fgColor="ECECE8")
_TO_FILL = PatternFill("solid", fgColor="FFF6D6")
_NOT_HERE = PatternFill("solid", fgColor="D8D8D4")
_LINE = Side("thin", color="B8B8B2")

type Value = str | int | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `kind` where only some devices have it, `filled_in` where somebody writes."""

    key: str
    heading: str
    width: int
    value: Callable[[Group, Row], Value]
    kind: MeterKind | None = None
    filled_in: bool = False


def as_xlsx(sheet: Sheet) -> bytes:
    """One line per device, in the order of the page; in the reader's language."""
    book = Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = _("Readings")
    columns = list(_columns(sheet))
    for place, column in enumerate(columns, 1):
        _head(_at(page, 1, place), column)
        page.column_dimensions[get_column_letter(place)].width = column.width
    for line, (group, row) in enumerate(_devices(sheet), 2):
        for place, column in enumerate(columns, 1):
            _write(_at(page, line, place), column, group, row)
    _lay_out(page, columns)
    _check_what_is_typed(page, columns)
    _print_on_paper(page, sheet)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def headings(sheet: Sheet) -> Mapping[str, Sequence[str]]:
    """The headings of the columns that are read back, in every language they may have come in."""
    found: dict[str, list[str]] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for column in _columns(sheet):
                if column.filled_in or column.key in (SERIAL, CODE, SEEN):
                    found.setdefault(column.key, []).append(column.heading)
    return found


def _columns(sheet: Sheet) -> Iterator[Column]:
    yield Column("company", _("Company"), 24, lambda group, row: group.customer.name)
    yield Column(CODE, _("Code"), 11, lambda group, row: group.customer.code)
    yield Column("site", _("Site"), 24, lambda group, row: str(group.site))
    yield Column("location", _("Location"), 24, lambda group, row: row.place.installation.location)
    yield Column("model", _("Model"), 22, lambda group, row: str(row.device.model))
    yield Column(SERIAL, _("Serial number"), 16, lambda group, row: row.device.serial)
    yield Column("fleet", _("Fleet number"), 11, lambda group, row: row.device.fleet_number)
    for kind in sheet.kinds:
        name = {"kind": kind.label}
        yield Column(
            f"last-{kind.pk}", _("Last reading %(kind)s") % name, 12, partial(_last, kind), kind
        )
        yield Column(
            f"day-{kind.pk}", _("Day of the last reading %(kind)s") % name, 12,
            partial(_day, kind), kind,
        )  # fmt: skip
    for kind in sheet.kinds:
        heading = _("New counter %(kind)s") % {"kind": kind.label}
        yield Column(f"{NEW}{kind.pk}", heading, 14, partial(_standing, kind), kind, filled_in=True)
    yield Column(TAKEN_ON, _("Read on"), 12, _taken_on, filled_in=True)
    yield Column(SEEN, _("Key"), 8, _seen)


def _last(kind: MeterKind, group: Group, row: Row) -> int | None:
    cell = row.by_kind.get(kind.pk)
    return cell.billed.value if cell and cell.billed else None


def _day(kind: MeterKind, group: Group, row: Row) -> date | None:
    cell = row.by_kind.get(kind.pk)
    return cell.billed.taken_on if cell and cell.billed else None


def _standing(kind: MeterKind, group: Group, row: Row) -> int | None:
    cell = row.by_kind.get(kind.pk)
    return cell.standing.value if cell and cell.standing else None


def _taken_on(group: Group, row: Row) -> date | None:
    return row.declared.taken_on if row.declared and row.status is Status.DONE else None


def _seen(group: Group, row: Row) -> str:
    """Each meter and the reading that stands: `12=7 13=8`."""
    return " ".join(f"{cell.due.meter_id}={cell.seen}" for cell in row.cells if cell.seen)


def _devices(sheet: Sheet) -> Iterator[tuple[Group, Row]]:
    return ((group, row) for group in sheet.groups for row in group.rows)


def _at(page: Worksheet, line: int, place: int) -> Cell:
    cell = page.cell(line, place)
    assert isinstance(cell, Cell), "nothing is merged here"
    return cell


def _head(cell: Cell, column: Column) -> None:
    _put(cell, column.heading)
    cell.font = Font(bold=True)
    cell.fill = _TO_FILL if column.filled_in else _HEADING
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    cell.border = Border(bottom=_LINE)


def _write(cell: Cell, column: Column, group: Group, row: Row) -> None:
    missing = column.kind is not None and column.kind.pk not in row.by_kind
    _put(cell, column.value(group, row))
    cell.border = Border(bottom=_LINE, left=_LINE, right=_LINE)
    if missing:
        cell.fill = _NOT_HERE
    elif column.filled_in:
        cell.fill = _TO_FILL
        cell.protection = Protection(locked=False)
        # No thousands apart: a spreadsheet that saves as CSV would write them, and lose them.
        cell.number_format = _date_format() if column.key == TAKEN_ON else "0"


def _put(cell: Cell, value: Value) -> None:
    """A text is a text, whatever it begins with; a serial number stays one."""
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_TEXT] or None
        cell.number_format = "@"
        if value:
            cell.data_type = "s"
    elif value is not None:
        cell.value = value
        cell.number_format = _date_format() if isinstance(value, date) else "#,##0"


def _date_format() -> str:
    return "dd/mm/yyyy" if wording.in_french() else "yyyy-mm-dd"


def _lay_out(page: Worksheet, columns: Sequence[Column]) -> None:
    """The headings stay in sight; who wants to, filters and widens columns."""
    page.freeze_panes = "A2"
    page.auto_filter.ref = f"A1:{get_column_letter(len(columns) - 1)}{page.max_row}"
    page.column_dimensions[get_column_letter(len(columns))].hidden = True
    page.row_dimensions[1].height = 60
    page.protection.sheet = True
    page.protection.autoFilter = page.protection.formatColumns = False


def _check_what_is_typed(page: Worksheet, columns: Sequence[Column]) -> None:
    numbers = DataValidation(
        type="whole", operator="between", formula1="0", formula2=str(TALLEST), allow_blank=True,
        showErrorMessage=True, errorTitle=_("Counter"),
        error=_("Type the digits on the screen, for example 39684."),
    )  # fmt: skip
    days = DataValidation(
        type="date", operator="greaterThan", allow_blank=True,
        formula1=f"DATE({FIRST_DAY.year},{FIRST_DAY.month},{FIRST_DAY.day})",
        showErrorMessage=True, errorTitle=_("Read on"),
        error=_("Type the day on which the counter was read, for example 05/04/2022."),
        showInputMessage=True, promptTitle=_("Read on"),
        prompt=_("Left empty: the day on which you send the spreadsheet."),
    )  # fmt: skip
    for place, column in enumerate(columns, 1):
        if column.filled_in and page.max_row > 1:
            letter = get_column_letter(place)
            cells = f"{letter}2:{letter}{page.max_row}"
            (days if column.key == TAKEN_ON else numbers).add(cells)
    page.add_data_validation(numbers)
    page.add_data_validation(days)


def _print_on_paper(page: Worksheet, sheet: Sheet) -> None:
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_title_rows = "1:1"
    deadline = _("Until %(deadline)s") % {"deadline": in_words(sheet.head.invitation.asks_until)}
    companies = ", ".join(customer.name for customer in sheet.head.customers)
    page.HeaderFooter.oddHeader = HeaderFooterItem(
        left=_HeaderFooterPart(companies.replace("&", "&&")[:100]),
        right=_HeaderFooterPart(deadline),
    )
    page.HeaderFooter.oddFooter = HeaderFooterItem(right=_HeaderFooterPart("&P / &N"))
