"""The dealer's fleet from a file: what is read, refused, compared, moved and retired."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from releveur import clock
from releveur.contracts.models import Contract
from releveur.customers.models import Contact, Customer, Site
from releveur.fleet.models import Device, DeviceModel, Installation, Meter, MeterKind, Respondent
from releveur.importing.columns import FLEET, READINGS
from releveur.importing.report import Count, Report
from releveur.readings.models import Billed, Quality, Reading
from tests.importing.files import (
    NOW,
    SAMPLES,
    a_file,
    a_large_fleet,
    a_row,
    accepted,
    counts,
    imported,
    sentences,
)

pytestmark = pytest.mark.django_db


class TestReading:
    def test_the_seed_becomes_a_customer_a_device_and_what_was_billed(self, tmp_path: Path) -> None:
        report = accepted(a_file(tmp_path, a_row()))

        assert counts(report) == {
            "customers": (1, 0, 0), "sites": (1, 0, 0), "contacts": (1, 0, 0),
            "devices": (1, 0, 0), "meters": (2, 0, 0), "contracts": (1, 0, 0),
            "installations": (1, 0, 0), "readings": (2, 0, 0),
        }  # fmt: skip
        assert (report.warnings, report.differences) == ([], [])
        device = Device.objects.get(serial="3923656030")
        assert (str(device.model), device.mode) == ("Xerox 7855V_F", Device.Mode.ASKED)
        assert device.installations.get().since == date(2019, 1, 7)
        assert device.coverages.get().contract.first_due_on == date(2022, 4, 5)
        assert Respondent.objects.get().customer == Customer.objects.get(code="CL001007")
        billed = {one.meter.kind.code: one.value for one in Billed.objects.all()}
        assert billed == {"MONO": 39_684, "COLOR": 89_675}
        assert all(one.origin == "ERP" and one.reading for one in Billed.objects.all())
        readings = Reading.objects.values_list("source", "quality", "occasion").distinct()
        assert list(readings.order_by()) == [("IMPORT", "ACTUAL", "PERIODIC")]

    def test_the_dirt_of_a_real_export_is_read(self) -> None:
        report = accepted(SAMPLES / "parc_cp1252.csv")

        assert Device.objects.count() == 2
        assert Site.objects.get(name="Siège").zone == "Indian/Reunion"
        assert Site.objects.get(name="").address == "30, rue de Gramont Escalier B"
        assert Customer.objects.get(code="CL002210").name == 'Étude "Maître" Réunion'
        assert set(Billed.objects.values_list("value", flat=True)) == {39_684, 89_675, 1_200}
        assert Contract.objects.get(number="").estimation_allowed is False
        said = sentences(report.warnings)
        assert "Commercial" in said
        assert "TOTAL" in said

    def test_a_row_per_meter_reads_like_a_row_per_device(self) -> None:
        accepted(SAMPLES / "parc_par_compteur.tsv")

        values = Billed.objects.values_list("meter__kind__code", "value")
        assert dict(values) == {"MONO": 39_684, "COLOR": 89_675, "COULEUR_NIVEAU_2": 1_200}
        assert MeterKind.objects.get(code="COULEUR_NIVEAU_2").label_fr == "Couleur niveau 2"
        assert Meter.objects.get(kind__code="COLOR").monthly_volume == 1_050

    @pytest.mark.parametrize("separator", [";", ",", "\t"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    def test_any_usual_separator_and_encoding(
        self, tmp_path: Path, separator: str, encoding: str
    ) -> None:
        accepted(a_file(tmp_path, a_row(), separator=separator, encoding=encoding))

        assert Contact.objects.get().department == "Comptabilité Fournisseurs"

    def test_a_file_may_announce_its_separator(self, tmp_path: Path) -> None:
        path = a_file(tmp_path, a_row(address="1, 2, 3, 4 rue de Gramont"), separator="|")
        path.write_text("sep=|\n" + path.read_text())

        accepted(path)

    @pytest.mark.parametrize("text", ["39 684", "39\u202f684", "39684,00", "39684.0", "39'684"])
    def test_a_number_in_any_dress(self, tmp_path: Path, text: str) -> None:
        accepted(a_file(tmp_path, a_row(mono=text)))

        assert Billed.objects.get(meter__kind__code="MONO").value == 39_684

    def test_the_same_device_on_several_rows_has_several_contacts(self, tmp_path: Path) -> None:
        rows = [a_row(level="matériel"), a_row(level="matériel", email="hugo@gramont.example")]
        report = accepted(a_file(tmp_path, *rows))

        assert report.counts["devices"] == Count(created=1)
        assert Respondent.objects.filter(device__serial="3923656030").count() == 2

    def test_a_person_without_address_is_reached_by_phone(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row(email="", phone="01 42 96 00 00")))

        contact = Contact.objects.get()
        assert (contact.email, contact.phone) == ("", "01 42 96 00 00")

    def test_of_two_names_for_one_address_the_first_wins(self, tmp_path: Path) -> None:
        report = accepted(
            a_file(
                tmp_path,
                a_row(),
                a_row(serial="B2", email="ALEXANDRA@gramont-services.example", first_name="Hugo"),
            )
        )

        assert Contact.objects.get().first_name == "Alexandra"
        assert any(remark.line == 3 for remark in report.warnings)

    def test_a_loan_is_an_installation_of_its_kind(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row(loan="prêt")))

        assert Installation.objects.get().kind == Installation.Kind.LOAN

    def test_an_estimated_index_is_billed_but_never_becomes_a_reading(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row(nature="estimé")))

        assert not Reading.objects.exists()
        qualities = Billed.objects.values_list("quality", flat=True)
        assert set(qualities) == {Quality.ESTIMATED}

    def test_a_colour_of_nought_on_an_unknown_model_is_no_meter(self, tmp_path: Path) -> None:
        report = accepted(a_file(tmp_path, a_row(colour="0")))

        assert [meter.kind.code for meter in Meter.objects.all()] == ["MONO"]
        assert "Couleur" in sentences(report.warnings)

    def test_a_colour_of_nought_counts_on_a_model_that_prints_colour(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row(colour="0"), a_row(serial="B2")))

        assert Meter.objects.filter(kind__code="COLOR").count() == 2
        assert DeviceModel.objects.get().colour == DeviceModel.Colour.YES


class TestRefusing:
    def refused(self, path: Path) -> Report:
        report = imported(path)
        assert report.errors
        assert not Customer.objects.exists(), "all or nothing"
        assert not Device.objects.exists(), "all or nothing"
        return report

    def test_all_errors_are_listed_at_once_and_nothing_is_written(self, tmp_path: Path) -> None:
        bad = [
            a_row(),
            a_row(serial="3,92366E+09"),
            a_row(serial="C3", mono="39 6x4", billed_on="31/02/2022"),
            a_row(serial="D4", months="5", mode="pigeon"),
            a_row(serial="", code="CL000002"),
        ]
        report = self.refused(a_file(tmp_path, *bad))

        assert [(one.line, one.column, one.value) for one in report.errors] == [
            (3, "N° de série", "3,92366E+09"),
            (4, "Date du dernier relevé facturé", "31/02/2022"),
            (4, "Compteur Noir", "39 6x4"),
            (5, "Mode de relevé", "pigeon"),
            (5, "Périodicité (mois)", "5"),
            (6, "N° de série", ""),
        ]
        assert all(remark.message for remark in report.errors)
        assert report.counts["customers"] == Count()

    @pytest.mark.parametrize(
        ("other", "column"),
        [
            (a_row(contract="SSC-2000"), "N° de contrat"),
            (a_row(code="CL000002"), "Code client"),
            (a_row(site="Annexe"), "Site"),
            (a_row(mono="39685"), "Compteur Noir"),
            (a_row(next_due="06/04/2022"), "Prochaine échéance"),
        ],
    )
    def test_a_serial_that_contradicts_itself_is_an_error(
        self, tmp_path: Path, other: dict[str, str], column: str
    ) -> None:
        report = self.refused(a_file(tmp_path, a_row(), other))

        assert (report.errors[0].line, report.errors[0].column) == (3, column)

    def test_a_contract_has_one_customer_and_one_period(self, tmp_path: Path) -> None:
        rows = [a_row(), a_row(code="CL2", serial="B2"), a_row(serial="C3", months="6")]
        report = self.refused(a_file(tmp_path, *rows))

        columns = [(one.line, one.column) for one in report.errors]
        assert (3, "N° de contrat") in columns
        assert (4, "Périodicité (mois)") in columns

    def test_two_due_grids_in_one_contract_are_an_error(self, tmp_path: Path) -> None:
        rows = [a_row(), a_row(serial="B2", next_due="15/05/2022")]
        report = self.refused(a_file(tmp_path, *rows))

        assert [(one.line, one.column) for one in report.errors] == [(3, "Prochaine échéance")]

    @pytest.mark.parametrize(
        "data",
        [b"", b"\n\n", b"PK\x03\x04workbook", b"a\0b;c", b"Code client;Nom\nCL1;x\n", b"\xff\xfea"],
    )
    def test_a_file_that_is_no_table_says_why(self, tmp_path: Path, data: bytes) -> None:
        path = tmp_path / "parc.csv"
        path.write_bytes(data)

        assert self.refused(path).errors[0].message

    def test_a_quotation_mark_that_never_closes_is_named_by_its_line(self, tmp_path: Path) -> None:
        path = a_file(tmp_path, a_row())
        rest = "\n".join(f"CL{number};x" for number in range(50))
        path.write_text(path.read_text() + f'CL2;"Étude\n{rest}\n')

        assert "3" in self.refused(path).errors[0].message

    def test_a_row_with_too_many_cells_is_an_error(self, tmp_path: Path) -> None:
        path = a_file(tmp_path, a_row())
        path.write_text(path.read_text().rstrip() + ";surplus\n")

        assert self.refused(path).errors[0].line == 2

    def test_a_missing_file_is_an_error(self, tmp_path: Path) -> None:
        assert self.refused(tmp_path / "nowhere.csv").errors

    def test_a_missing_address_is_only_a_warning(self, tmp_path: Path) -> None:
        report = accepted(a_file(tmp_path, a_row(address="", site="Siège")))

        assert [(one.line, one.column) for one in report.warnings] == [(2, "Adresse")]

    def test_an_address_that_is_none_is_only_a_warning(self, tmp_path: Path) -> None:
        report = accepted(a_file(tmp_path, a_row(email="n/a")))

        assert [(one.column, one.value) for one in report.warnings] == [("Email", "n/a")]
        assert Contact.objects.get().email == ""


class TestCommand:
    def run(self, *arguments: object) -> str:
        out = StringIO()
        clock.set(NOW)
        call_command("import_fleet", *map(str, arguments), stdout=out, stderr=StringIO())
        return out.getvalue()

    def test_the_answer_is_one_json_object(self, tmp_path: Path) -> None:
        answer = json.loads(self.run(a_file(tmp_path, a_row()), "--json"))

        assert list(answer) == [
            "customers", "sites", "contacts", "devices", "meters", "contracts",
            "installations", "readings", "warnings", "differences", "errors",
        ]  # fmt: skip
        assert answer["meters"] == {"created": 2, "updated": 0, "unchanged": 0}

    def test_a_dry_run_says_the_same_and_writes_nothing(self, tmp_path: Path) -> None:
        path = a_file(tmp_path, a_row())
        tried = self.run(path, "--json", "--dry-run")

        assert not Device.objects.exists()
        assert tried == self.run(path, "--json")

    def test_a_refused_file_exits_with_one_and_its_errors(self, tmp_path: Path) -> None:
        out = StringIO()
        path = a_file(tmp_path, a_row(serial="3,92366E+09"))
        with pytest.raises(CommandError) as refusal:
            call_command("import_fleet", str(path), "--json", stdout=out, stderr=StringIO())

        assert refusal.value.returncode == 1
        error = json.loads(out.getvalue())["errors"][0]
        assert set(error) == {"line", "column", "value", "message"}

    def test_a_person_reads_french(self, tmp_path: Path) -> None:
        said = self.run(a_file(tmp_path, a_row(address="", site="Siège")))

        assert "clients – créations\u202f: 1" in said
        assert "ligne 2 — Adresse : Le site n’a pas d’adresse" in said


def test_every_heading_is_documented() -> None:
    page = (Path(__file__).parent.parent / "docs" / "imports.md").read_text(encoding="utf-8")

    for first, *also in (*FLEET.values(), *READINGS.values()):
        assert f"| {first} | {', '.join(also)} |" in page


def test_a_file_too_wide_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "parc.csv"
    path.write_text(";".join(map(str, range(300))) + "\n")

    assert "250" in imported(path).errors[0].message


def test_a_thousand_devices_take_a_bounded_number_of_queries(
    tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    path = a_large_fleet(tmp_path / "parc.csv", devices=1_000)

    with django_assert_max_num_queries(60):
        report = accepted(path)
    assert report.counts["readings"] == Count(created=2_000)
    with django_assert_max_num_queries(40):
        assert accepted(path).counts["devices"] == Count(unchanged=1_000)
