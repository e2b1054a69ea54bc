"""A table out of a file somebody gives us: it is opened in a bounded child, and its rows come one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from releveur import bounded
from releveur.bounded import MEGABYTE
from releveur.confined import Refusal
from releveur.importing import opened, workbooks
from releveur.importing.tables import Number, Row, Table, Unreadable

A_FLEET = bounded.Limits(
    memory=3_072 * MEGABYTE, answer=1_024 * MEGABYTE, processor=300, seconds=600, patience=60
)
"""Of a file the dealer imports: two million rows."""


def read(path: Path, *, sheet: str = "", skip: int = 0) -> Table:
    """Open a CSV file or a workbook (.xlsx).

    :param sheet: the sheet of a workbook; the first one when empty
    :param skip: lines above the line of headings
    :raises Unreadable: missing, or as of `table`
    """
    with _open(path) as file:
        return table(file, sheet=sheet, skip=skip, limits=A_FLEET)


def contents(path: Path) -> bytes:
    """The bytes of a file that was read as a table.

    :raises Unreadable: missing
    """
    with _open(path) as file:
        return file.read()


def table(
    source: bytes | IO[bytes],
    *,
    sheet: str = "",
    skip: int = 0,
    bounds: workbooks.Bounds = workbooks.A_FLEET,
    limits: bounded.Limits = A_FLEET,
) -> Table:
    """The table in the bytes of a file.

    :param bounds: what a workbook may unpack to
    :param limits: what reading it may take
    :raises Unreadable: too big, empty, no text, an old workbook, too many at once, or as of `tables` and `workbooks`
    """
    told = {"unpacked": bounds.unpacked, "cells": bounds.cells}
    try:
        answer = bounded.run(opened.lay_out, source, limits, sheet=sheet, skip=skip, **told)
    except Refusal as no:
        raise in_words(Unreadable(no.reason, **no.words)) from None
    except (bounded.TooMuch, bounded.TooSlow):
        raise Unreadable(
            _("This file takes too much work to read. Cut it into several files.")
        ) from None
    except bounded.Busy:
        raise Unreadable(
            _("Many files arrive at this very moment. Send this one again in a minute.")
        ) from None
    except bounded.Failed:
        raise Unreadable(_("This file cannot be read. Save it again as .xlsx or as CSV.")) from None
    return Table(rows=_rows(answer), **json.loads(answer.readline()))


def in_words(no: Unreadable) -> Unreadable:
    """The same in the reader's language."""
    return Unreadable(_(no.message), no.line, no.words)


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as problem:
        raise Unreadable(
            _("The file cannot be opened (%(reason)s). Check its name.")
            % {"reason": problem.strerror}
        ) from problem


def _rows(answer: IO[bytes]) -> Iterator[Row]:
    with answer:
        for told in answer:
            line, cells, numbers = json.loads(told)
            for place in numbers:
                cells[place] = Number(cells[place])
            yield Row(line, cells)
