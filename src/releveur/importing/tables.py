"""A table, and how one comes out of a text as an ERP or a spreadsheet writes it: CSV in any usual dress.

The reader is bounded: a text that is too long, too wide, or no table at all is refused with a
sentence, before it fills the memory. It starts in a bounded child for every file: tuples cost a third of what
dataclasses do there.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

MOST_ROWS = 2_000_000
MOST_COLUMNS = 250
LONGEST_CELL = 5_000
MOST_LINES_IN_A_CELL = 20
SEPARATORS = (";", "\t", ",", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ANNOUNCED = re.compile("sep=([;,|\t])\r?\n")
"""The first line by which some programs tell Excel the separator."""


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogue: it is said in English here, and translated by `files`."""
    return sentence


_ = gettext_noop


class Unreadable(Exception):
    """The file is no table we can read; the message says what to do.

    :param words: what the message leaves open, where it is yet to be translated
    """

    def __init__(
        self, message: str, line: int = 1, words: Mapping[str, str | int] | None = None
    ) -> None:
        super().__init__(message % words if words else message)
        self.message, self.line, self.words = message, line, dict(words or {})


class Number(str):
    """The text of a cell that a spreadsheet stored as a number: what it may have rounded."""

    __slots__ = ()


class Row(NamedTuple):
    """One record, by the line of the file it begins on; cells without surrounding space."""

    line: int
    cells: list[str]


class Table(NamedTuple):
    """`names` are our headings beside the file's own, where a mapping gives them; `line` theirs."""

    headings: list[str]
    rows: Iterator[Row]
    names: list[str] | None = None
    line: int = 1


class Text(NamedTuple):
    """A text file as letters, and how they were written."""

    letters: str
    encoding: str
    mark: bytes = b""

    def separator(self, skip: int) -> str:
        """As the file announces it, else the most frequent one of its headings."""
        announced = self.announced()
        return announced[1] if announced else _separator(self.letters, skip)

    def announced(self) -> re.Match[str] | None:
        return _ANNOUNCED.match(self.letters)


def of_text(text: Text, *, skip: int = 0) -> Table:
    """The table in a text file: `;` `,` tab or `|`. Blank rows are left out.

    The rows come one by one: a fault further down is raised while reading.

    :raises Unreadable: empty; while reading, a quote that is never closed
    """
    reader = csv.reader(io.StringIO(text.letters, newline=""), delimiter=text.separator(skip))
    csv.field_size_limit(LONGEST_CELL * MOST_LINES_IN_A_CELL)
    rows = _rows(reader)
    if text.announced():
        next(rows)
    first = next((row for row in rows if row.line > skip), None)
    if first is None:
        raise Unreadable(_("The file is empty. Export it again, with its line of headings."))
    return Table(first.cells, rows, line=first.line)


def decoded(data: bytes) -> Text:
    """UTF-16 or UTF-8 by their marks, UTF-8 where it is, else cp1252.

    :raises Unreadable: no text
    """
    marked = next((one for one in _MARKS if data.startswith(one[0])), None)
    ways = [marked] if marked else [(b"", "utf-8"), (b"", "cp1252")]
    for mark, encoding in ways:
        try:
            letters = data.removeprefix(mark).decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in letters:
            return Text(letters, encoding, mark)
    raise Unreadable(_("This is not a text file. Export it again as CSV, in UTF-8."))


def _separator(text: str, skip: int) -> str:
    heading = next((line for line in text.splitlines()[skip:] if line.strip()), "")
    outside = "".join(heading.split('"')[::2])
    return max(SEPARATORS, key=outside.count)


def _rows(reader: Iterator[list[str]]) -> Iterator[Row]:
    line = 1
    try:
        for number, cells in enumerate(reader, 1):
            if any(not cell.isspace() and cell for cell in cells):
                yield Row(line, _bounded(cells, line, number))
            line = reader.line_num + 1  # type: ignore[attr-defined]  # csv's reader has it
    except csv.Error as problem:
        raise _not_closed(line) from problem


def _bounded(cells: list[str], line: int, number: int) -> list[str]:
    if number > MOST_ROWS:
        raise Unreadable(_("The file has over two million rows. Cut it into several files."), line)
    if len(cells) > MOST_COLUMNS:
        raise Unreadable(_("A row has over 250 columns. Check the separator of the file."), line)
    for cell in cells:
        if len(cell) > LONGEST_CELL or cell.count("\n") > MOST_LINES_IN_A_CELL:
            raise _not_closed(line)
    return [" ".join(cell.split()) if "\n" in cell else cell.strip() for cell in cells]


def _not_closed(line: int) -> Unreadable:
    message = _("A quotation mark opened on line %(line)d is never closed. Close it or remove it.")
    return Unreadable(message, line, {"line": line})
