"""A file that holds a table, opened and laid out row by row; this runs in a bounded child.

A text and an .xlsx workbook are told apart by what they hold.
"""

from __future__ import annotations

import json
from typing import IO

from releveur.confined import Refusal
from releveur.importing import tables
from releveur.importing.tables import Number, Table, Unreadable
from releveur.importing.tables import gettext_noop as _

MOST_BYTES = 128 * 1024 * 1024


def lay_out(
    source: IO[bytes], answer: IO[bytes], *, sheet: str, skip: int, unpacked: int, cells: int
) -> None:
    """Write the table of a file, a line of JSON for its headings and one for each row.

    A row is the line of the file it begins on, its cells, and which of them a spreadsheet stored as
    numbers.

    :param unpacked: as `cells`, of `workbooks.Bounds`
    :raises Refusal: what `Unreadable` says, yet to be translated
    """
    try:
        table = _table(source.read(MOST_BYTES + 1), sheet, skip, (unpacked, cells))
        _write(answer, {"headings": table.headings, "line": table.line})
        for row in table.rows:
            numbers = [place for place, cell in enumerate(row.cells) if isinstance(cell, Number)]
            _write(answer, [row.line, row.cells, numbers])
    except Unreadable as no:
        raise Refusal(no.message, {"line": no.line, "words": no.words}) from no


def _write(answer: IO[bytes], what: object) -> None:
    answer.write(json.dumps(what, ensure_ascii=False).encode() + b"\n")


def _table(data: bytes, sheet: str, skip: int, bounds: tuple[int, int]) -> Table:
    if len(data) > MOST_BYTES:
        raise Unreadable(_("The file is over 128 MB. Cut it into several files."))
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(
            _("This workbook is of an old kind or has a password. Save it as .xlsx, without one.")
        )
    if is_a_workbook(data):
        from releveur.importing import workbooks  # noqa: PLC0415  # a text starts sooner without

        return workbooks.read(data, sheet=sheet, skip=skip, bounds=workbooks.Bounds(*bounds))
    if sheet:
        raise Unreadable(_("A text file has no sheets. Leave --sheet out."))
    return tables.of_text(tables.decoded(data), skip=skip)


def is_a_workbook(data: bytes) -> bool:
    return data.startswith(b"PK\x03\x04")
