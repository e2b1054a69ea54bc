"""A spreadsheet that comes back: its lines put into the sheet's rows, as if they had been typed there.

Lines are found again by their serial numbers, whatever their order. Empty cells and values that were
there when the spreadsheet was taken say nothing. What cannot be put into a row is told by its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from releveur import bounded
from releveur.bounded import MEGABYTE
from releveur.importing import columns, files, tables, values, workbooks
from releveur.importing.columns import Columns
from releveur.importing.tables import Table, Unreadable
from releveur.importing.values import Misread
from releveur.readings import wording
from releveur.readings.models import Reading
from releveur.rules import digits
from releveur.web.portal import workbook
from releveur.web.portal.sheet import Cell, Row, Sheet

MOST_BYTES = 5 * 1024 * 1024
MOST_LINES = 5_000
BOUNDS = workbooks.Bounds(unpacked=32 * 1024 * 1024, cells=500_000)
LIMITS = bounded.Limits(memory=512 * MEGABYTE, answer=64 * MEGABYTE, processor=10, seconds=20)
LINES_ABOVE_THE_HEADINGS = 20
LONGEST_SHOWN = 60
MOST_TOLD = 20

_SEEN = re.compile(r"([0-9]{1,15})=([0-9]{1,15})")


class Refused(Exception):
    """The file is not the spreadsheet we gave; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line with a number in it."""

    number: int
    serial: str
    code: str
    day: str
    counters: Mapping[int, str]
    """Texts by kind."""
    seen: Mapping[int, str]
    """By meter, the reading that stood when the spreadsheet was taken."""

    def says_as(self, other: Line) -> bool:
        return (self.day, self.counters) == (other.day, other.counters)


@dataclass(slots=True)
class Returned:
    """What became of the file: rows it filled, and what could not be put into one."""

    filled: int = 0
    faults: list[str] = field(default_factory=list)


def read(file: UploadedFile[bytes], sheet: Sheet) -> Returned:
    """Put what the file says into the rows of the sheet; a fixed number of queries.

    :raises Refused: too big, unreadable, or another spreadsheet than ours
    """
    try:
        lines = list(_lines(_table(file), sheet))
    except Unreadable as no:
        raise Refused(str(no)) from no
    result = Returned()
    found = _by_row(lines, sheet, result)
    old = _readings_seen(found)
    for row, of_row in found:
        news = [line for line in of_row if _says_something_new(line, row, old)]
        if news:
            _fill(row, news[0], old)
            result.filled += 1
            _tell_doubles(row, news, result)
    if (more := len(result.faults) - MOST_TOLD) > 0:
        result.faults[MOST_TOLD:] = [_("And %(count)d more lines.") % {"count": more}]
    return result


def _table(file: UploadedFile[bytes]) -> Table:
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Refused(
            _("This file is larger than 5 MB. Send the spreadsheet that you downloaded here.")
        )
    return files.table(data, bounds=BOUNDS, limits=LIMITS)


def _lines(table: Table, sheet: Sheet) -> Iterator[Line]:
    known = workbook.headings(sheet)
    rows = iter(chain([tables.Row(1, table.headings)], table.rows))
    places = _places(islice(rows, LINES_ABOVE_THE_HEADINGS), known)
    for row in rows:
        if row.line > MOST_LINES:
            raise Refused(
                _("This file has over 5,000 lines. Send the spreadsheet that you downloaded here.")
            )
        line = _line(row, places)
        if line.counters:
            yield line


def _places(rows: Iterator[tables.Row], known: Mapping[str, Sequence[str]]) -> Columns:
    """The line of headings; somebody may have written a title above it."""
    for row in rows:
        found = columns.find(row.cells, known)
        counters = [key for key in found.fields if key.startswith(workbook.NEW)]
        if workbook.SERIAL in found.fields and counters:
            return found
    raise Refused(
        _(
            "This is not the spreadsheet of your devices: a column with the serial numbers or one for"
            " the new counters is missing. Download it here, fill it in and send it back."
        )
    )


def _line(row: tables.Row, places: Columns) -> Line:
    def text(key: str) -> str:
        place = places.fields.get(key, len(row.cells))
        return row.cells[place] if place < len(row.cells) else ""

    counters = {
        int(key.removeprefix(workbook.NEW)): text(key)
        for key in places.fields
        if key.startswith(workbook.NEW) and text(key)
    }
    seen = {int(meter): reading for meter, reading in _SEEN.findall(text(workbook.SEEN))}
    return Line(
        row.line,
        text(workbook.SERIAL),
        text(workbook.CODE),
        text(workbook.TAKEN_ON),
        counters,
        seen,
    )


def _by_row(lines: Sequence[Line], sheet: Sheet, result: Returned) -> list[tuple[Row, list[Line]]]:
    """The lines of each device; what is no device of this sheet is told."""
    exact = {row.device.serial: row for row in sheet.rows}
    loose = _loosely(sheet)
    found: dict[int, tuple[Row, list[Line]]] = {}
    for line in lines:
        try:
            serial = values.serial(line.serial)
        except Misread:
            result.faults.append(_unnamed(line))
            continue
        row = exact.get(serial) or loose.get(_bare(serial))
        if row is None or not _is_of(line, row):
            result.faults.append(_unknown(line, serial, row))
        else:
            found.setdefault(row.device.pk, (row, []))[1].append(line)
    return list(found.values())


def _loosely(sheet: Sheet) -> dict[str, Row]:
    """By serial numbers as a spreadsheet spoils them, where only one device can be meant."""
    found: dict[str, list[Row]] = {}
    for row in sheet.rows:
        found.setdefault(_bare(row.device.serial), []).append(row)
    return {serial: rows[0] for serial, rows in found.items() if len(rows) == 1}


def _bare(serial: str) -> str:
    return "".join(serial.casefold().split()).lstrip("0")


def _is_of(line: Line, row: Row) -> bool:
    code = row.place.installation.site.customer.code
    return not line.code or _bare(line.code) == _bare(code)


def _unnamed(line: Line) -> str:
    words = {"line": line.number, "serial": line.serial[:LONGEST_SHOWN]}
    if not line.serial:
        return (
            _("Line %(line)d: the serial number is missing. Write it, or leave the line out.")
            % words
        )
    return (
        _(
            "Line %(line)d: the spreadsheet rounded the serial number (%(serial)s). Write it again, in"
            " a cell formatted as text."
        )
        % words
    )


def _unknown(line: Line, serial: str, row: Row | None) -> str:
    words = {
        "line": line.number,
        "serial": serial[:LONGEST_SHOWN],
        "code": line.code[:LONGEST_SHOWN],
    }
    if row is None:
        return (
            _(
                "Line %(line)d: serial number %(serial)s unknown here. Check it, or leave the line out."
            )
            % words
        )
    return _("Line %(line)d: device %(serial)s is not at company %(code)s. Check the line.") % words


def _readings_seen(found: Sequence[tuple[Row, Sequence[Line]]]) -> dict[int, Reading]:
    """By meter, what stood when the spreadsheet was taken and was replaced since."""
    current = {cell.due.meter_id: cell.seen for row, _lines in found for cell in row.cells}
    seen = {
        meter: int(reading)
        for _row, lines in found
        for line in lines
        for meter, reading in line.seen.items()
        if meter in current and reading != current[meter]
    }
    readings = Reading.objects.filter(meter__in=seen, pk__in=seen.values())
    return {reading.meter_id: reading for reading in readings}


def _says_something_new(line: Line, row: Row, old: Mapping[int, Reading]) -> bool:
    cells = row.by_kind
    return any(
        kind not in cells or not _stands(text, line, cells[kind], old)
        for kind, text in line.counters.items()
    )


def _stands(text: str, line: Line, cell: Cell, old: Mapping[int, Reading]) -> bool:
    """Whether a cell only sends back what stands, or stood when the spreadsheet was taken."""
    try:
        value, day = digits.of_a_file(text), _day(line.day)
    except ValueError:
        return False
    return any(
        reading is not None and reading.value == value and day in (None, reading.taken_on)
        for reading in (cell.standing, old.get(cell.due.meter_id))
    )


def _day(text: str) -> date | None:
    return values.day(text) if text else None


def _fill(row: Row, line: Line, old: Mapping[int, Reading]) -> None:
    cells = row.by_kind
    row.line = line.number
    for cell in row.cells:
        text = line.counters.get(cell.kind.pk, "")
        row.seen[cell.due.meter_id] = line.seen.get(cell.due.meter_id)
        if text and not _stands(text, line, cell, old):
            _type(cell, text)
        elif cell.standing:
            cell.typed = wording.number(cell.standing.value)
    stray = [text for kind, text in line.counters.items() if kind not in cells]
    if stray:
        row.cells[0].error = _(
            "The spreadsheet has a counter that this device does not have (%(value)s). Check the line."
        ) % {"value": stray[0][:LONGEST_SHOWN]}
    try:
        day = _day(line.day)
    except Misread as no:
        row.taken_on, row.date_error = "", f"{line.day[:LONGEST_SHOWN]} – {no}"
    else:
        row.taken_on = day.isoformat() if day else row.taken_on


def _type(cell: Cell, text: str) -> None:
    """As a person would have typed it; what only a spreadsheet writes is read, or told."""
    cell.typed = text[:LONGEST_SHOWN]
    try:
        cell.typed = str(digits.of_a_file(text))
    except digits.Scientific:
        cell.error = _(
            "The spreadsheet rounded this number and lost its digits. Type the digits on the screen."
        )
    except ValueError:
        return


def _tell_doubles(row: Row, news: Sequence[Line], result: Returned) -> None:
    others = [line for line in news[1:] if not line.says_as(news[0])]
    if not others:
        return
    row.cells[0].error = row.cells[0].error or _(
        "The spreadsheet names this device on several lines. Check the numbers."
    )
    for line in others:
        words = {"line": line.number, "first": news[0].number, "serial": row.device.serial}
        result.faults.append(
            _(
                "Line %(line)d: device %(serial)s stands on line %(first)d already, with other numbers:"
                " that line is shown below."
            )
            % words
        )
