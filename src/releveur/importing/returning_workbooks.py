"""One more column in a sheet of an .xlsx workbook, and not a byte of its other cells changed.

The sheet is written anew around what it holds: reading it into objects and saving those would lose
what they do not know, and take minutes for a large fleet.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import NamedTuple

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter

from releveur.importing import files, workbooks
from releveur.importing.columns import REMARKS, is_ours
from releveur.importing.tables import Table

_ATTRIBUTES = rb"""((?:[^>"']|"[^"]*"|'[^']*')*?)"""
_ROW = re.compile(rb"<((?:\w+:)?)row(?=[\s/>])%b(?:/>|>(.*?)</\1row\s*>)" % _ATTRIBUTES, re.DOTALL)
_CELL = re.compile(rb"<((?:\w+:)?)c(?=[\s/>])%b(?:/>|>(.*?)</\1c\s*>)" % _ATTRIBUTES, re.DOTALL)
_SHEET = re.compile(rb"<(?:\w+:)?sheet(?=[\s/>])%b/?>" % _ATTRIBUTES)
_RELATION = re.compile(rb"<(?:\w+:)?Relationship(?=[\s/>])%b/?>" % _ATTRIBUTES)
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']""")
_STYLE = re.compile(rb"""\ss\s*=\s*["'](\d+)["']""")
_SPANS = re.compile(rb"""\sspans\s*=\s*("[^"]*"|'[^']*')""")
_SIZE = re.compile(rb"<(?:\w+:)?dimension(?=[\s/>])[^>]*?/>")


class _Cell(NamedTuple):
    """Where a cell stands in its row, and in which column."""

    begins: int
    ends: int
    column: int
    filled: bool
    style: bytes


def returned(data: bytes, notes: Mapping[int, str], table: Table, *, sheet: str) -> bytes:
    """The same workbook with a text in the column behind the headings, for each of these lines.

    :param table: the sheet as it was read; a last column of ours is written anew
    :raises tables.Unreadable: the sheet is not where the workbook says
    """
    again = is_ours(table.headings[-1])
    column = len(table.headings) + (not again)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as copy:
        part = _part(archive, sheet)
        for info in archive.infolist():
            content = archive.read(info)
            if info.filename == part:
                content = _annotated(content, notes, column, again=again)
            fresh = zipfile.ZipInfo(info.filename, info.date_time)
            copy.writestr(fresh, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Which part of the archive holds the sheet of that name, else the first one."""
    try:
        sheets = _SHEET.findall(archive.read("xl/workbook.xml"))
        number = next(
            _attribute(rb"\w+:id", one)
            for one in sheets
            if not sheet or _attribute(b"name", one) == sheet
        )
        relations = _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels"))
        target = next(
            _attribute(b"Target", one) for one in relations if _attribute(b"Id", one) == number
        )
        part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        return archive.getinfo(part).filename
    except (KeyError, StopIteration, UnicodeDecodeError) as no:
        raise files.in_words(workbooks.damaged()) from no


def _attribute(name: bytes, attributes: bytes) -> str:
    found = re.search(rb"""(?:^|\s)%b\s*=\s*("[^"]*"|'[^']*')""" % name, attributes)
    return html.unescape(found[1][1:-1].decode()) if found else ""


def _annotated(content: bytes, notes: Mapping[int, str], column: int, *, again: bool) -> bytes:
    """The sheet without the size it had, which readers take for a limit."""
    return _SIZE.sub(b"", _ROW.sub(_writer(notes, column, again=again), content), count=1)


def _writer(
    notes: Mapping[int, str], column: int, *, again: bool
) -> Callable[[re.Match[bytes]], bytes]:
    def write(row: re.Match[bytes]) -> bytes:
        prefix, attributes, content = row[1], row[2], row[3] or b""
        number = _line(attributes, content)
        note = notes.get(number, "")
        if not note and not again:
            return row[0]
        inside = _with_note(content, note, number, column, prefix=prefix, again=again)
        plain = _SPANS.sub(b"", attributes)
        return b"<%brow%b>%b</%brow>" % (prefix, plain, inside, prefix)

    return write


def _line(attributes: bytes, content: bytes) -> int:
    number = _attribute(b"r", attributes)
    place = _PLACE.search(content)
    return int(number) if number.isdigit() else int(place[2]) if place else 0


def _with_note(
    content: bytes, note: str, line: int, column: int, *, prefix: bytes, again: bool
) -> bytes:
    """A row with our cell: behind the headings, or behind what stands beyond them."""
    cells = [_cell(one) for one in _CELL.finditer(content)]
    others = [one for one in cells if one.filled and not (again and one.column == column)]
    at = max([column, *(one.column + 1 for one in others if one.column >= column)])
    before = [one for one in cells if one.column < at]
    behind = [one for one in cells if one.column > at]
    beside = [one.style for one in before if one.column == column - 1 and note == REMARKS]
    end = before[-1].ends if before else 0
    begin = behind[0].begins if behind else max([end, *(one.ends for one in cells)])
    fresh = _fresh(note, line, at, b"".join(beside), prefix) if note else b""
    return content[:end] + fresh + content[begin:]


def _cell(found: re.Match[bytes]) -> _Cell:
    place, style = _PLACE.search(b" " + found[2]), _STYLE.search(b" " + found[2])
    column = workbooks.column(place[1]) if place else 0
    return _Cell(*found.span(), column, bool(found[3]), style[1] if style else b"")


def _fresh(note: str, line: int, column: int, style: bytes, prefix: bytes) -> bytes:
    """A cell that holds a text and is never a formula, in letters of any encoding."""
    text = html.escape(ILLEGAL_CHARACTERS_RE.sub("", note)).encode("ascii", "xmlcharrefreplace")
    place = f"{get_column_letter(column)}{line}".encode()
    look = b' s="%b"' % style if style else b""
    return b'<%bc r="%b"%b t="inlineStr"><%bis><%bt xml:space="preserve">%b</%bt></%bis></%bc>' % (
        prefix,
        place,
        look,
        prefix,
        prefix,
        text,
        prefix,
        prefix,
        prefix,
    )
