"""The file that was imported, as it came, with one more last column that says what to correct.

Nothing else changes: separator, encoding, quotes and line ends of a text file stay as they are, and
so does every other cell of a workbook. A last column that was added before is written anew.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from releveur.importing import files, opened, returning_workbooks, tables
from releveur.importing.columns import REMARKS, is_ours
from releveur.importing.formulas import neutral
from releveur.importing.report import Report
from releveur.importing.tables import Text

LONGEST = 1_000
"""Characters of the remarks on one line."""

type Record = tuple[int, str, list[str]]
"""The line on which it begins, as it is written, and its cells."""


def returned(path: Path, report: Report, *, sheet: str = "", skip: int = 0) -> bytes:
    """Write the remarks of an import beside the lines they are about.

    What is wrong with the file as a whole stands beside the first line below the headings.

    :param skip: lines above the line of headings, as at the import
    :raises tables.Unreadable: no table we can read
    """
    table = files.read(path, sheet=sheet, skip=skip)
    first = [row.line for row in table.rows][:1]
    notes = _notes(report, table.line, *first)
    data = files.contents(path)
    if opened.is_a_workbook(data):
        return returning_workbooks.returned(
            data, {table.line: REMARKS, **notes}, table, sheet=sheet
        )
    text = tables.decoded(data)
    letters = "".join(_annotated(text, {table.line: REMARKS, **notes}, table.line))
    return text.mark + letters.encode(_encoding(text), errors="replace")


def _notes(report: Report, heading: int, first: int | None = None) -> dict[int, str]:
    """The sentences about each line below the headings."""
    found: dict[int, list[str]] = defaultdict(list)
    for remark in report.errors:
        line = remark.line or heading
        found[line if line > heading or first is None else first].append(remark.beside())
    for remark in (*report.differences, *report.settled, *report.warnings):
        if remark.line and remark.line > heading:
            found[remark.line].append(remark.beside())
    return {line: _cut(" ".join(some)) for line, some in found.items() if line > heading}


def _cut(note: str) -> str:
    return note if len(note) <= LONGEST else f"{note[: LONGEST - 1]}…"


def _encoding(text: Text) -> str:
    """Letters without any accent may be of either kind: spreadsheets in France take cp1252."""
    return "cp1252" if text.letters.isascii() and not text.mark else text.encoding


def _annotated(text: Text, notes: Mapping[int, str], heading: int) -> Iterator[str]:
    separator = text.separator(heading - 1)
    width, again = 0, False
    for line, written, cells in _records(text, separator):
        if line < heading or not any(cell.strip() for cell in cells):
            yield written
            continue
        if line == heading:
            again = is_ours(cells[-1])
            width = len(cells) - again
        body = written.rstrip("\r\n")
        bare = _without_remark(body, cells, separator) if again and len(cells) > width else body
        note = _of_its_kind(notes.get(line, ""), _encoding(text))
        yield _fitted(bare, cells, width, separator) + separator + note + written[len(body) :]


def _records(text: Text, separator: str) -> Iterator[Record]:
    lines = list(io.StringIO(text.letters, newline=""))
    reader = csv.reader(lines, delimiter=separator)
    begins = 0
    for cells in reader:
        yield begins + 1, "".join(lines[begins : reader.line_num]), cells
        begins = reader.line_num


def _without_remark(body: str, cells: list[str], separator: str) -> str:
    """The record without its last cell, which an earlier import filled; its cells lose it too."""
    last = cells.pop()
    quoted = '"' + last.replace('"', '""') + '"'
    for written in (quoted, last):
        if body.endswith(separator + written):
            return body.removesuffix(separator + written)
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="").writerow(cells)
    return out.getvalue()


def _fitted(body: str, cells: list[str], width: int, separator: str) -> str:
    """The record with as many cells as there are headings; empty ones beyond them go."""
    surplus = cells[width:]
    while surplus and not surplus.pop() and body.endswith(separator):
        body = body.removesuffix(separator)
    return body + separator * (width - len(cells))


def _of_its_kind(note: str, encoding: str) -> str:
    """A cell of our own: no formula, always quoted, in letters the file has."""
    if encoding == "cp1252":
        note = note.replace("\u202f", "\u00a0")
    quoted = neutral(note).replace('"', '""')
    return f'"{quoted}"' if note else ""
