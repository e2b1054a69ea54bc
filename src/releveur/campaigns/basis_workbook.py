"""The basis as a workbook: days and numbers as such, texts never formulas, the same bytes for ever."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.writer.excel import ExcelWriter

from releveur.campaigns import basis_cells, basis_file
from releveur.campaigns.models import Campaign
from releveur.campaigns.profile import OURS, Profile

UNMOVED = datetime(1980, 1, 1)  # noqa: DTZ001  # an archive knows no zones, and nothing older
LONGEST = 32_767
"""Characters a cell may hold."""


def as_xlsx(campaign: Campaign, profile: Profile = OURS) -> bytes:
    """The same rows and columns as the CSV; of the profile, its columns and totals count.

    The bytes depend on the basis alone: no time of writing is in them.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Préfacturation")
    assert isinstance(sheet, WriteOnlyWorksheet)
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, "", heading) for heading in profile.columns.values()])
    for row in basis_file.rows(campaign, profile):
        sheet.append([_cell(sheet, key, row.get(key)) for key in profile.columns])
    return _timeless(book)


def _cell(sheet: WriteOnlyWorksheet, key: str, value: str | int | None) -> Cell:
    if isinstance(value, str) and key in basis_cells.DATES and value:
        cell = WriteOnlyCell(sheet, datetime.fromisoformat(value))
        cell.number_format = "dd/mm/yyyy"
    elif isinstance(value, str):
        cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST] or None)
        if value:
            cell.data_type = "s"
    else:
        cell = WriteOnlyCell(sheet, value)
    return cell


def _timeless(book: Workbook) -> bytes:
    """Save by the writer itself, as the workbook's own `save` notes the hour."""
    book.properties.created = book.properties.modified = UNMOVED
    dated, plain = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(dated, "w") as archive:
        ExcelWriter(book, archive).save()
    with (
        zipfile.ZipFile(dated) as archive,
        zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name, content in _parts(archive):
            out.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return plain.getvalue()


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    for part in archive.infolist():
        yield part.filename, archive.read(part)
