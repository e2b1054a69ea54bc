"""A file that holds a table, opened: a text or an .xlsx workbook, told apart by what it holds."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext as _

from releveur.importing import tables, workbooks
from releveur.importing.tables import Table, Unreadable

MOST_BYTES = 128 * 1024 * 1024


def read(path: Path, *, sheet: str = "", skip: int = 0) -> Table:
    """Open a CSV file or a workbook (.xlsx).

    :param sheet: the sheet of a workbook; the first one when empty
    :param skip: lines above the line of headings
    :raises Unreadable: as of `contents` and `table`
    """
    return table(contents(path), sheet=sheet, skip=skip)


def contents(path: Path) -> bytes:
    """The bytes of a file.

    :raises Unreadable: missing or too big
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise Unreadable(
            _("The file cannot be opened (%(reason)s). Check its name.")
            % {"reason": problem.strerror}
        ) from problem
    if len(data) > MOST_BYTES:
        raise Unreadable(_("The file is over 128 MB. Cut it into several files."))
    return data


def table(
    data: bytes, *, sheet: str = "", skip: int = 0, bounds: workbooks.Bounds = workbooks.A_FLEET
) -> Table:
    """The table in the bytes of a file.

    :param bounds: what a workbook may unpack to
    :raises Unreadable: empty, no text, an old workbook, or as of `tables` and `workbooks`
    """
    _refuse_old_workbook(data)
    if is_a_workbook(data):
        return workbooks.read(data, sheet=sheet, skip=skip, bounds=bounds)
    if sheet:
        raise Unreadable(_("A text file has no sheets. Leave --sheet out."))
    return tables.of_text(tables.decoded(data), skip=skip)


def is_a_workbook(data: bytes) -> bool:
    return data.startswith(b"PK\x03\x04")


def _refuse_old_workbook(data: bytes) -> None:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(
            _("This workbook is of an old kind or has a password. Save it as .xlsx, without one.")
        )
