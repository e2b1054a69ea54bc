"""The basis as a workbook: days and numbers as such, texts never formulas, the same bytes for ever."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES, ILLEGAL_CHARACTERS_RE
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
    cells = _Cells(sheet)
    sheet.append([cells.text(heading) for heading in profile.columns.values()])
    for row in basis_file.rows(campaign, profile):
        sheet.append([cells.of(key, row.get(key)) for key in profile.columns])
    return _timeless(book)


class _Cells:
    """What goes into the sheet: plain values, which it writes fastest; a cell only where it would guess wrong."""

    def __init__(self, sheet: WriteOnlyWorksheet) -> None:
        self.sheet = sheet
        self.days: dict[str, Cell] = {}

    def of(self, key: str, value: str | int | None) -> Cell | str | int | None:
        if not isinstance(value, str):
            return value
        return self.day(value) if key in basis_cells.DATES and value else self.text(value)

    def text(self, value: str) -> Cell | str | None:
        """A text that is no formula and no error, whatever it looks like; nothing for an empty one."""
        text = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST]
        if text.startswith("=") or text in ERROR_CODES:
            cell = WriteOnlyCell(self.sheet, text)
            cell.data_type = "s"
            return cell
        return text or None

    def day(self, value: str) -> Cell:
        """Made once: thousands of lines have it."""
        if value not in self.days:
            cell = self.days[value] = WriteOnlyCell(self.sheet, datetime.fromisoformat(value))
            cell.number_format = "dd/mm/yyyy"
        return self.days[value]


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
