"""A table out of an .xlsx workbook: typed cells told as the texts a CSV would hold.

A workbook is an archive and may unpack to anything. Its directory is checked before anything is
unpacked, and the reader is handed a plain copy of the parts that were checked, nothing else.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, load_workbook

from releveur.importing import tables
from releveur.importing.tables import Number, Row, Table, Unreadable
from releveur.importing.tables import gettext_noop as _

MOST_PARTS = 2_000
HIGHEST_RATIO = 200
SMALL_ENOUGH_FOR_ANY_RATIO = 1024 * 1024
MOST_TEXT = 2 * 1024 * 1024 * 1024
"""The longest shared text times the filled cells, which may all repeat it."""
EXACT_BELOW = 10**15
"""A spreadsheet keeps fifteen digits of a number."""

_PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/(_rels/workbook\.xml\.rels|workbook\.xml|styles\.xml"
    r"|sharedStrings\.xml|worksheets/[^/]+\.xml)"
)
_CELL = re.compile(rb"<(?:\w+:)?c\b(?![:\w.-])[^>]*>")
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})(\d{0,7})["']""")
_END_OF_TEXT = re.compile(rb"</(?:\w+:)?si\s*>")


class Bounds(NamedTuple):
    """What a workbook may unpack to, in bytes, and its rows times columns: the reader keeps a place
    for each, filled or not.
    """

    unpacked: int = 256 * 1024 * 1024
    cells: int = 20_000_000


A_FLEET = Bounds()
"""Of a file the dealer imports."""

type Stored = int | float | str | bool | time | date | datetime | timedelta


def read(data: bytes, *, sheet: str = "", skip: int = 0, bounds: Bounds = A_FLEET) -> Table:
    """Read the sheet of that name, else the first one; lines count as the spreadsheet shows them.

    :raises Unreadable: damaged, not .xlsx, unpacks to too much, no such sheet, or empty
    """
    try:
        checked = _checked_copy(data, bounds)
        with load_workbook(io.BytesIO(checked)) as book:
            found = _sheet(book, sheet)
            rows = [row for row in _rows(found) if row.line > skip]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, CalamineError, RuntimeError) as no:
        raise damaged() from no
    if not rows:
        raise Unreadable(_("The file is empty. Export it again, with its line of headings."))
    return Table(rows[0].cells, iter(rows[1:]), line=rows[0].line)


def _checked_copy(data: bytes, bounds: Bounds) -> bytes:
    copy = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(copy, "w") as plain:
        _check_directory(archive.infolist(), len(data), bounds)
        longest, filled = 0, 0
        for part in archive.infolist():
            if _PARTS.fullmatch(part.filename):
                content = archive.read(part)
                _refuse_entities(content)
                if part.filename == "xl/sharedStrings.xml":
                    longest = max(map(len, _END_OF_TEXT.split(content)))
                elif part.filename.startswith("xl/worksheets/"):
                    filled += _count_cells(content, bounds.cells)
                plain.writestr(part.filename, content)
        if longest * filled > MOST_TEXT:
            raise _too_much()
    return copy.getvalue()


def _check_directory(parts: list[zipfile.ZipInfo], packed: int, bounds: Bounds) -> None:
    """What the directory announces; the copy reads no byte beyond it."""
    names = [part.filename for part in parts]
    unpacked = sum(part.file_size for part in parts)
    suspicious = unpacked > SMALL_ENOUGH_FOR_ANY_RATIO and unpacked > packed * HIGHEST_RATIO
    if len(parts) > MOST_PARTS or unpacked > bounds.unpacked or suspicious:
        raise _too_much()
    if "xl/workbook.xml" not in names or len(set(names)) < len(names):
        raise Unreadable(_("This is no .xlsx workbook. Save it as .xlsx or as CSV."))


def _refuse_entities(content: bytes) -> None:
    """No spreadsheet writes a type of document: it names texts that repeat others, or other files.

    Nor does one write in letters of two bytes, which would hide it.
    """
    if b"<!DOCTYPE" in content or b"\0" in content:
        raise damaged()


def _count_cells(content: bytes, most: int) -> int:
    """How many cells of a sheet are filled; far-off ones would make the reader fill the gap."""
    places = [_PLACE.search(tag[0]) for tag in _CELL.finditer(content) if tag[0][-2:] != b"/>"]
    found = [place for place in places if place]
    if len(found) < len(places):
        raise Unreadable(_("The cells of this workbook have no place. Save it again as .xlsx."))
    widest = max(map(column, {place[1] for place in found}), default=0)
    lowest = max((int(place[2] or 0) for place in found), default=0)
    if widest > tables.MOST_COLUMNS:
        raise Unreadable(_("The sheet has over 250 columns. Remove those that are not needed."))
    if lowest * widest > most:
        raise _too_much()
    return len(found)


def column(letters: bytes) -> int:
    """The number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def damaged() -> Unreadable:
    """What we say of a workbook that is none any more."""
    return Unreadable(
        _("This workbook cannot be read. Save it again as .xlsx, without a password.")
    )


def _too_much() -> Unreadable:
    return Unreadable(
        _("This workbook unpacks to more than can be read. Save it as CSV, or cut it into several.")
    )


def _sheet(book: CalamineWorkbook, name: str) -> CalamineSheet:
    names = book.sheet_names
    if not names:
        raise Unreadable(_("The workbook has no sheet."))
    if name and name not in names:
        message = _("The workbook has no sheet %(name)s. It has: %(names)s.")
        raise Unreadable(message, words={"name": name, "names": ", ".join(names)})
    return book.get_sheet_by_name(name or names[0])


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    first = sheet.start[0] + 1 if sheet.start else 1
    left = sheet.start[1] if sheet.start else 0
    for line, stored in enumerate(sheet.to_python(skip_empty_area=True), first):
        cells = [""] * left + [told(value) for value in stored]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield Row(line, _bounded(cells, line))


def _bounded(cells: list[str], line: int) -> list[str]:
    for cell in cells:
        if len(cell) > tables.LONGEST_CELL:
            message = _("A cell is longer than 5 000 characters. Shorten it.")
            raise Unreadable(message, line)
    return cells


def told(value: Stored) -> str:
    """A stored value as a CSV would write it: whole numbers in digits, days in ISO.

    A number of more digits than a spreadsheet keeps is told as the rounded one it is.
    """
    match value:
        case bool():
            return "oui" if value else "non"
        case int() | float():
            if not float(value).is_integer():
                return Number(value)
            return Number(int(value) if abs(value) < EXACT_BELOW else f"{value:.14E}")
        case datetime() | date():
            return value.isoformat()
        case _:
            return " ".join(str(value).split())
