"""Workbooks: typed cells read as the same rows, and bounded whatever they unpack to."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from releveur.fleet.models import Device
from releveur.importing import files, history
from releveur.importing.tables import Unreadable
from releveur.readings.models import Billed, Reading
from tests.importing.files import NOW, a_file, a_row, accepted, imported

type Stored = str | int | float | date | datetime | None

TYPED: Mapping[str, Stored] = {
    **a_row(),
    "N° de série": 3_923_656_030,
    "Périodicité (mois)": 3,
    "Prochaine échéance": date(2022, 4, 5),
    "Date du dernier relevé facturé": datetime(2022, 1, 5),
    "Compteur Noir": 39_684,
    "Compteur Couleur": 89_675.0,
    "VMM Noir": 500,
}


def a_workbook(
    folder: Path, *rows: Mapping[str, Stored], above: int = 0, sheet: str = "Parc"
) -> Path:
    book = Workbook()
    page = book.worksheets[0]
    page.title = sheet
    headings = list(rows[0])
    table: list[list[Stored]] = [[*headings], *([row[one] for one in headings] for row in rows)]
    for line, cells in enumerate(table, above + 1):
        for column, stored in enumerate(cells, 1):
            page.cell(line, column, stored)
    path = folder / "parc.xlsx"
    book.save(path)
    return path


def an_archive(folder: Path, sheet: bytes, *, texts: bytes = b"") -> Path:
    """A workbook whose only sheet holds these bytes."""
    plain = io.BytesIO()
    Workbook().save(plain)
    path = folder / "bomb.xlsx"
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for part in source.infolist():
            if part.filename.startswith("xl/worksheets/sheet"):
                out.writestr(part.filename, sheet)
            elif part.filename == "xl/sharedStrings.xml" and texts:
                out.writestr(part.filename, texts)
            else:
                out.writestr(part.filename, source.read(part))
    return path


def a_sheet(cells: bytes) -> bytes:
    name = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return b"<worksheet %s><sheetData>%s</sheetData></worksheet>" % (name, cells)


@pytest.mark.django_db
class TestImporting:
    def test_a_workbook_of_typed_cells_reads_like_the_same_csv(self, tmp_path: Path) -> None:
        accepted(a_workbook(tmp_path, TYPED))

        assert Device.objects.get().serial == "3923656030"
        again = accepted(a_file(tmp_path, a_row()))
        assert all(count.created == count.updated == 0 for count in again.counts.values())
        assert set(Billed.objects.values_list("value", flat=True)) == {39_684, 89_675}

    def test_the_errors_name_the_line_that_the_spreadsheet_shows(self, tmp_path: Path) -> None:
        bad = {**TYPED, "N° de série": "B2", "Compteur Noir": 39_684.5}
        report = imported(a_workbook(tmp_path, TYPED, bad, above=2))

        assert [(one.line, one.column, one.value) for one in report.errors] == [
            (5, "Compteur Noir", "39684.5")
        ]

    @pytest.mark.parametrize("serial", [3.92366e9, 3_923_660_000, 1.5, 3_923_656_030_123_456_789])
    def test_a_serial_stored_as_a_rounded_number_is_an_error(
        self, tmp_path: Path, serial: float
    ) -> None:
        report = imported(a_workbook(tmp_path, {**TYPED, "N° de série": serial}))

        assert [one.column for one in report.errors] == ["N° de série"]
        assert "92366E+09" in report.errors[0].message

    def test_a_serial_stored_as_text_keeps_its_zeros(self, tmp_path: Path) -> None:
        accepted(a_workbook(tmp_path, {**TYPED, "N° de série": "0039236000"}))

        assert Device.objects.get().serial == "0039236000"

    def test_readings_come_from_a_workbook_too(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        told: dict[str, Stored] = {
            "N° de série": 3_923_656_030,
            "Date": date(2021, 10, 5),
            "Compteur Noir": 38_184,
        }
        path = a_workbook(tmp_path, told, sheet="Relevés")

        assert history.import_readings(path, sheet="Relevés", now=NOW).errors == []
        assert Reading.objects.filter(value=38_184, taken_on=date(2021, 10, 5)).exists()


class TestSheets:
    def test_a_sheet_is_chosen_by_its_name(self, tmp_path: Path) -> None:
        path = a_workbook(tmp_path, {"A": "first"})

        assert files.read(path, sheet="Parc").headings == ["A"]
        with pytest.raises(Unreadable, match="Parc"):
            files.read(path, sheet="Absent")

    def test_a_text_file_has_no_sheets(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable):
            files.read(a_file(tmp_path, a_row()), sheet="Parc")

    def test_an_old_workbook_is_named_as_one(self, tmp_path: Path) -> None:
        path = tmp_path / "parc.xls"
        path.write_bytes(b"\xd0\xcf\x11\xe0old")

        with pytest.raises(Unreadable, match="xlsx"):
            files.read(path)


class TestBounds:
    @pytest.mark.parametrize(
        "cells",
        [
            b'<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>',
            b'<row r="1"><c r="a1"><v>1</v></c><c r="IP1048576"><v>1</v></c></row>',
            b"<row><c><v>1</v></c></row>",
            b'<row r="1">' + b'<c r="A1"><v>1</v></c>' * 400_000 + b"</row>",
            b"\0",
            b"<row",
        ],
    )
    def test_a_sheet_that_would_fill_the_memory_is_refused(
        self, tmp_path: Path, cells: bytes
    ) -> None:
        with pytest.raises(Unreadable):
            files.read(an_archive(tmp_path, a_sheet(cells)))

    def test_one_long_text_in_a_million_cells_is_refused(self, tmp_path: Path) -> None:
        rows = (
            b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 9_999)
        )
        texts = b"<sst><si><t>" + b"x" * 250_000 + b"</t></si></sst>"
        with pytest.raises(Unreadable):
            files.read(an_archive(tmp_path, a_sheet(b"".join(rows)), texts=texts))

    def test_a_formatted_cell_far_away_holds_nothing_and_is_no_harm(self, tmp_path: Path) -> None:
        cells = b'<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="0"/></row>'

        assert files.read(an_archive(tmp_path, a_sheet(cells))).headings == ["1"]

    def test_an_archive_that_is_no_workbook_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "parc.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("parc.csv", "a;b")

        with pytest.raises(Unreadable):
            files.read(path)
