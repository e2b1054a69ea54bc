"""The file comes back as it was, with what is wrong beside each line."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from releveur import clock
from releveur.customers.models import Contact
from releveur.fleet.models import Device, Installation
from releveur.importing import files, fleet, returning
from releveur.importing.columns import REMARKS
from releveur.importing.report import Report
from releveur.readings.models import Reading
from tests.importing.files import NOW, SAMPLES, a_file, a_row, accepted, imported
from tests.importing.test_workbooks import TYPED, a_sheet, a_workbook, an_archive

pytestmark = pytest.mark.django_db

FAULTY = a_row(serial="B2", mono="39 6x4", billed_on="31/02/2022", location='Salle "Léa"; étage 2')


def door(name: str, *arguments: object) -> dict[str, Any]:
    out = io.StringIO()
    clock.set(NOW)
    with contextlib.suppress(CommandError):
        call_command(name, *map(str, arguments), "--json", stdout=out, stderr=io.StringIO())
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


def rows(path: Path, encoding: str, separator: str = ";") -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode(encoding)), delimiter=separator))


def sheet(path: Path) -> Worksheet:
    found = load_workbook(path).worksheets[0]
    assert isinstance(found, Worksheet)
    return found


def typed(page: Worksheet) -> list[list[tuple[object, str, str]]]:
    return [[(one.value, one.data_type, one.number_format) for one in row] for row in page.rows]


class TestText:
    def test_a_refused_csv_of_france_comes_back_whole_with_one_more_column(
        self, tmp_path: Path
    ) -> None:
        path, out = a_file(tmp_path, a_row(), FAULTY, encoding="cp1252"), tmp_path / "retour.csv"
        said = door("import_fleet", path, "--returned", out)

        assert said["errors"]
        assert said["returned"] == str(out)
        assert not Device.objects.exists()
        given, back = rows(path, "cp1252"), rows(out, "cp1252")
        assert [row[:-1] for row in back] == given
        assert [row[-1] for row in back[:2]] == [REMARKS, ""]
        assert "Compteur Noir : " in back[2][-1]
        assert "Date du dernier relevé facturé : " in back[2][-1]

    @pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    def test_separator_and_encoding_stay(
        self, tmp_path: Path, separator: str, encoding: str
    ) -> None:
        path = a_file(tmp_path, a_row(), FAULTY, separator=separator, encoding=encoding)
        back = returning.returned(path, imported(path))

        assert back.startswith(path.read_bytes()[:20])
        found = csv.reader(io.StringIO(back.decode(encoding)), delimiter=separator)
        assert [row[:-1] for row in found] == rows(path, encoding, separator)

    def test_every_byte_before_the_column_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "parc.csv"
        given = (
            'sep=;\r\nCode client;N° de série;"Mode de relevé";Adresse\n'
            '\n"CL1";"A""1";pigeon;"1 rue\nde la Paix"\nCL2 ; B2\r\n"CL3";C3;mail;x;;\nTotal;;;'
        )
        path.write_bytes(given.encode("cp1252"))
        back = returning.returned(path, imported(path)).decode("cp1252")

        lines = back.split("\n")
        assert lines[0] == "sep=;\r"
        assert lines[1] == 'Code client;N° de série;"Mode de relevé";Adresse;"À corriger"'
        assert lines[2] == ""
        assert lines[3] == '"CL1";"A""1";pigeon;"1 rue'
        assert lines[4].startswith('de la Paix";"Mode de relevé : ')
        assert lines[5].startswith('CL2 ; B2;;;"')
        assert lines[5].endswith('"\r')
        assert lines[6] == '"CL3";C3;mail;x;'
        assert lines[7].startswith('Total;;;;"')

    def test_letters_without_accents_become_what_a_french_spreadsheet_opens(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "parc.csv"
        path.write_text("CustomerCode;SerialNumber\nCL1;A1\n")

        assert "À corriger".encode("cp1252") in returning.returned(path, imported(path))

    def test_a_heading_that_would_run_as_a_formula_is_quoted_in_our_column_only(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "parc.csv"
        path.write_text("Code client;N° de série;=1+1\nCL1;A1;=2+2\n", encoding="utf-8")
        report = Report()
        report.error(2, "=1+1", "=2+2", "Non.")
        [_headings, row] = csv.reader(
            io.StringIO(returning.returned(path, report).decode()), delimiter=";"
        )
        assert row == ["CL1", "A1", "=2+2", "'=1+1 : Non."]

    def test_what_refuses_the_file_as_a_whole_stands_beside_its_first_row(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "parc.csv"
        path.write_text("Code client;Nom\nCL1;Martin\nCL2;Durand\n", encoding="utf-8")
        back = returning.returned(path, imported(path)).decode("cp1252").splitlines()

        assert "N° de série" in back[1]
        assert back[2] == "CL2;Durand;"

    def test_lines_above_the_headings_stay_as_they_are(self, tmp_path: Path) -> None:
        path, by = tmp_path / "parc.csv", tmp_path / "erp.toml"
        by.write_text('skip = 1\n[columns]\n"Tiers" = "Code client"\n"Série" = "N° de série"\n')
        path.write_text("Parc au 04/04/2022\nTiers;Série\nCL1;A1\nCL2;3,92E+09\n", "utf-8")
        out = tmp_path / "retour.csv"
        door("import_fleet", path, "--mapping", by, "--returned", out)

        lines = out.read_text("utf-8").splitlines()
        assert lines[:2] == ["Parc au 04/04/2022", 'Tiers;Série;"À corriger"']
        assert "Série : " in lines[3]
        again = door("import_fleet", out, "--mapping", by)
        assert [one["line"] for one in again["errors"]] == [4]

    def test_the_dirt_of_a_real_export_comes_back(self, tmp_path: Path) -> None:
        path = SAMPLES / "parc_cp1252.csv"
        back = returning.returned(path, imported(path))

        for line in path.read_bytes().decode("cp1252").splitlines():
            assert line.rstrip(";") in back.decode("cp1252")


class TestWorkbooks:
    def a_book(self, folder: Path) -> Path:
        book = Workbook()
        page = book.worksheets[0]
        page.title = "Parc"
        page.append([])
        page.append([*TYPED])
        page.append([*TYPED.values()])
        faulty = {**TYPED, "N° de série": 3.92366e9, "Compteur Noir": "=40000-316"}
        page.append([*faulty.values()])
        page["A2"].font = page.cell(2, len(TYPED)).font = Font(bold=True)
        page.cell(4, 1 + [*TYPED].index("Prochaine échéance")).number_format = "dd/mm/yyyy"
        page.column_dimensions["A"].width = 33
        other = book.create_sheet("Notes")
        other["A1"] = "à garder"
        book.save(path := folder / "parc.xlsx")
        return path

    def test_a_workbook_keeps_its_typed_cells_its_looks_and_its_other_sheets(
        self, tmp_path: Path
    ) -> None:
        path, out = self.a_book(tmp_path), tmp_path / "retour.xlsx"
        said = door("import_fleet", path, "--returned", out)

        assert [one["line"] for one in said["errors"]][:1] == [4]
        given, back = sheet(path), sheet(out)
        assert [row[:-1] for row in typed(back)] == typed(given)
        last = [row[-1].value for row in back.rows]
        assert last[1:3] == [REMARKS, None]
        assert str(last[3]).startswith("N° de série : ")
        assert back.cell(2, len(TYPED) + 1).font.bold
        assert back.column_dimensions["A"].width == 33
        assert load_workbook(out)["Notes"]["A1"].value == "à garder"
        with zipfile.ZipFile(path) as before, zipfile.ZipFile(out) as after:
            changed = [name for name in before.namelist() if before.read(name) != after.read(name)]
            assert changed == ["xl/worksheets/sheet1.xml"]

    def test_the_sheet_that_was_named_is_the_one_annotated(self, tmp_path: Path) -> None:
        book = Workbook()
        book.worksheets[0].append(["Autre"])
        page = book.create_sheet("Parc & cie")
        page.append(["Code client", "N° de série"])
        page.append(["CL1", "3,92E+09"])
        book.save(path := tmp_path / "parc.xlsx")
        report = fleet.import_fleet(path, sheet="Parc & cie", now=NOW)
        (out := tmp_path / "retour.xlsx").write_bytes(
            returning.returned(path, report, sheet="Parc & cie")
        )

        found = load_workbook(out)
        assert found["Parc & cie"]["C1"].value == REMARKS
        assert found.worksheets[0].max_column == 1

    def test_cells_beyond_the_headings_are_not_overwritten(self, tmp_path: Path) -> None:
        cells = (
            b'<row r="1" spans="1:2"><c r="A1" t="inlineStr"><is><t>Code client</t></is></c>'
            b'<c r="B1" t="inlineStr"><is><t>SerialNumber</t></is></c></row>'
            b'<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>2</v></c><c r="C2" s="0"/>'
            b'<c r="D2"><v>4</v></c><c r="F2" s="0"/></row>'
            b'<row r="3"><c r="A3"><v>1</v></c><c r="B3" t="inlineStr"><is><t>3,9E+09</t></is></c>'
            b'<c r="C3" s="0"/></row>'
        )
        path = an_archive(tmp_path, a_sheet(cells))
        (out := tmp_path / "retour.xlsx").write_bytes(returning.returned(path, imported(path)))

        page = sheet(out)
        assert [page[f"{letter}2"].value for letter in "ABCD"] == [1, 2, None, 4]
        assert page["E2"].value
        assert page["C3"].value

    def test_a_sheet_with_prefixed_tags_is_annotated_in_their_manner(self, tmp_path: Path) -> None:
        name = b'xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        cells = (
            b'<x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>SerialNumber</x:t></x:is></x:c></x:row>'
            b'<x:row r="2"><x:c r="A2" t="inlineStr"><x:is><x:t>S &amp; T</x:t></x:is></x:c></x:row>'
        )
        xml = b"<x:worksheet %s><x:sheetData>%s</x:sheetData></x:worksheet>" % (name, cells)
        path = an_archive(tmp_path, xml)
        (out := tmp_path / "retour.xlsx").write_bytes(returning.returned(path, imported(path)))

        read = files.read(out)
        assert read.headings == ["SerialNumber", REMARKS]
        [row] = read.rows
        assert row.cells[0] == "S & T"
        assert "Code client" in row.cells[1]

    def test_our_text_is_never_a_formula(self, tmp_path: Path) -> None:
        path = a_workbook(tmp_path, {"Code client": "CL1", "N° de série": "A1"})
        report = Report()
        report.error(2, "", "", "=1+1 <&> \x07é\u202f€")
        (out := tmp_path / "retour.xlsx").write_bytes(returning.returned(path, report))

        cell = sheet(out)["C2"]
        assert (cell.value, cell.data_type) == ("=1+1 <&> é\u202f€", "s")


class TestAgain:
    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_a_corrected_file_is_imported_and_its_column_ignored(
        self, tmp_path: Path, kind: str
    ) -> None:
        first, second = tmp_path / f"un.{kind}", tmp_path / f"deux.{kind}"
        path = (
            a_file(tmp_path, a_row(), FAULTY)
            if kind == "csv"
            else a_workbook(tmp_path, TYPED, {**TYPED, **FAULTY})
        )
        door("import_fleet", path, "--returned", first)
        again = door("import_fleet", first, "--returned", second)

        assert [one["line"] for one in again["errors"]] == [3, 3]
        assert all(one["column"] != REMARKS for one in again["warnings"])
        assert files.read(second).headings == files.read(first).headings
        assert [row.cells for row in files.read(second).rows] == [
            row.cells for row in files.read(first).rows
        ]

    def test_a_remark_that_no_longer_holds_is_gone(self, tmp_path: Path) -> None:
        for path in (
            a_file(tmp_path, a_row() | {REMARKS: 'Non ; "jamais".'}, a_row(serial="B2")),
            a_workbook(tmp_path, {**TYPED, REMARKS: "Non."}),
        ):
            out = tmp_path / f"retour{path.suffix}"
            said = door("import_fleet", path, "--returned", out)

            assert said["errors"] == []
            back = files.read(out)
            assert back.headings[-1] == REMARKS
            assert all(
                len(row.cells) < len(back.headings) or not row.cells[-1] for row in back.rows
            )
        assert Device.objects.count() == 2

    def test_the_column_is_ignored_by_the_readings_too(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        path = tmp_path / "releves.csv"
        path.write_text(
            "N° de série;Date;Compteur Noir;À corriger\n3923656030;05/10/2021;38184;Non.\n", "utf-8"
        )
        assert door("import_readings", path)["warnings"] == []


class TestDoors:
    def test_warnings_and_differences_are_beside_their_lines(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        Installation.objects.update(location="Sous-sol")
        path = a_file(tmp_path, a_row(), a_row(serial="B2", email="n/a"))
        door("import_fleet", path, "--returned", out := tmp_path / "retour.csv")

        back = rows(out, "utf-8")
        assert "Sous-sol" in back[1][-1]
        assert back[2][-1].startswith("Email : ")
        assert Device.objects.count() == 2

    def test_a_dry_run_gives_the_file_back_and_writes_nothing_else(self, tmp_path: Path) -> None:
        path = a_file(tmp_path, a_row(), a_row(serial="B2", email="n/a"))
        said = door("import_fleet", path, "--dry-run", "--returned", out := tmp_path / "retour.csv")

        assert said["returned"] == str(out)
        assert rows(out, "utf-8")[2][-1]
        assert not Contact.objects.exists()

    def test_readings_come_back_too(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        told: Mapping[str, str | int | float | date | datetime | None] = {
            "N° de série": 3_923_656_030, "Date": date(2021, 10, 5), "Compteur Noir": 38_184,
        }  # fmt: skip
        unknown = {**told, "N° de série": "ABSENT"}
        path = a_workbook(tmp_path, told, unknown, sheet="Relevés")
        door("import_readings", path, "--returned", out := tmp_path / "retour.xlsx")

        page = sheet(out)
        assert page["B2"].value == datetime(2021, 10, 5)
        assert page["D2"].value is None
        assert str(page["D3"].value).startswith("N° de série : ")
        assert Reading.objects.count() == 2, "those of the fleet"

    @pytest.mark.parametrize("name", ["parc.csv", "retour.csv"])
    def test_neither_the_file_itself_nor_another_is_overwritten(
        self, tmp_path: Path, name: str
    ) -> None:
        path, out = a_file(tmp_path, a_row()), tmp_path / name
        (tmp_path / "retour.csv").write_text("mine")
        before = out.read_bytes()
        with pytest.raises(CommandError, match="existe déjà"):
            call_command("import_fleet", str(path), "--returned", str(out), stderr=io.StringIO())

        assert out.read_bytes() == before
        assert not Device.objects.exists()

    def test_a_place_that_cannot_be_written_imports_nothing(self, tmp_path: Path) -> None:
        path = a_file(tmp_path, a_row())
        with pytest.raises(CommandError) as refusal:
            call_command(
                "import_fleet", str(path), "--returned", str(tmp_path / "absent" / "retour.csv"),
                stderr=io.StringIO(),
            )  # fmt: skip

        assert refusal.value.returncode == 1
        assert not Device.objects.exists()

    def test_what_is_no_table_is_not_given_back(self, tmp_path: Path) -> None:
        path, out = tmp_path / "parc.csv", tmp_path / "retour.csv"
        path.write_bytes(b"a\0b;c")
        said = door("import_fleet", path, "--returned", out)

        assert said["errors"]
        assert said["returned"] is None
        assert not out.exists()

    def test_a_person_is_told_where_the_file_is(self, tmp_path: Path) -> None:
        out = io.StringIO()
        back = tmp_path / "retour.csv"
        call_command(
            "import_fleet", str(a_file(tmp_path, a_row())), "--returned", str(back),
            stdout=out, stderr=io.StringIO(),
        )  # fmt: skip
        assert f"Rendu avec ses remarques\u202f: {back}" in out.getvalue()
