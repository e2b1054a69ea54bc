"""The dealer's fleet from a file: what is read, refused, compared, moved and retired."""

from __future__ import annotations

import json
import threading
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from releveur import clock
from releveur.contracts.models import Contract, Coverage
from releveur.customers.models import Contact, Customer, Site
from releveur.fleet.models import Device, DeviceModel, Installation, Meter, MeterKind, Respondent
from releveur.importing import fleet
from releveur.importing.columns import FLEET, READINGS
from releveur.importing.report import Count, Report
from releveur.readings.models import Billed, Quality, Reading
from releveur.rules.schedule import PARIS
from tests.importing.files import SAMPLES, a_file, a_large_fleet, a_row

pytestmark = pytest.mark.django_db

NOW = datetime(2022, 4, 4, 9, 0, tzinfo=PARIS)


def imported(path: Path, *, retire_missing: bool = False) -> Report:
    return fleet.import_fleet(path, retire_missing=retire_missing, now=NOW)


def accepted(path: Path, *, retire_missing: bool = False) -> Report:
    report = imported(path, retire_missing=retire_missing)
    assert report.errors == []
    return report


def counts(report: Report) -> dict[str, tuple[int, int, int]]:
    return {
        name: (count.created, count.updated, count.unchanged)
        for name, count in report.counts.items()
    }


def sentences(remarks: list[Any]) -> str:
    return "\n".join(map(str, remarks))


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


class TestAgain:
    def test_the_same_file_twice_changes_nothing(self) -> None:
        first = accepted(SAMPLES / "parc_cp1252.csv")
        second = accepted(SAMPLES / "parc_cp1252.csv")

        assert second.differences == []
        for name, count in first.counts.items():
            assert second.counts[name] == Count(unchanged=count.created), name

    def test_what_the_erp_changed_is_taken_over(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        changed = a_row(location="2e étage", name="Gramont SA", mode="automatique")
        report = accepted(a_file(tmp_path, changed | {"VMM Noir": "900"}))

        assert Installation.objects.get().location == "2e étage"
        assert Customer.objects.get().name == "Gramont SA"
        assert Device.objects.get().mode == Device.Mode.AUTOMATIC
        assert Meter.objects.get(kind__code="MONO").monthly_volume == 900
        assert report.differences == []
        updated = {name for name, count in report.counts.items() if count.updated}
        assert updated == {"customers", "devices", "meters", "installations"}

    def test_what_was_changed_here_is_listed_and_stays(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        Installation.objects.update(location="Sous-sol")
        for text in ("Accueil", "2e étage"):
            report = accepted(a_file(tmp_path, a_row(location=text)))

            assert [(one.line, one.value) for one in report.differences] == [(2, text)]
            assert "Sous-sol" in report.differences[0].message
        assert Installation.objects.get().location == "Sous-sol"

    def test_an_empty_cell_says_nothing(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        report = accepted(a_file(tmp_path, a_row(location="", mode="")))

        assert Installation.objects.get().location == "Accueil"
        assert report.counts["installations"] == Count(unchanged=1)

    def test_another_value_billed_on_the_same_day_is_a_difference(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        report = accepted(a_file(tmp_path, a_row(mono="39685")))

        assert [(one.column, one.value) for one in report.differences] == [
            ("Compteur Noir", "39685")
        ]
        assert Billed.objects.filter(meter__kind__code="MONO").count() == 1

    def test_the_next_billed_index_is_added(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        later = a_row(billed_on="05/04/2022", mono="41184", colour="92000", next_due="05/07/2022")
        report = accepted(a_file(tmp_path, later))

        assert report.differences == []
        assert report.counts["readings"] == Count(created=2)
        assert Contract.objects.get().first_due_on == date(2022, 4, 5), "set once"

    def test_an_estimate_signed_here_never_comes_back_as_a_real_reading(
        self, tmp_path: Path
    ) -> None:
        accepted(a_file(tmp_path, a_row(colour="")))
        Billed.objects.create(
            meter=Meter.objects.get(), taken_on=date(2022, 4, 5), value=41_184,
            quality=Quality.ESTIMATED, origin=Billed.Origin.RELEVEUR,
        )  # fmt: skip
        report = accepted(
            a_file(tmp_path, a_row(colour="", billed_on="05/04/2022", mono="41184", nature=""))
        )

        assert len(report.differences) == 1
        assert Reading.objects.count() == 1

    def test_a_value_below_an_earlier_real_one_is_listed_and_not_written(
        self, tmp_path: Path
    ) -> None:
        accepted(a_file(tmp_path, a_row(colour="")))
        report = accepted(a_file(tmp_path, a_row(colour="", billed_on="05/04/2022", mono="4118")))

        assert [one.value for one in report.differences] == ["4118"]
        assert Billed.objects.count() == 1

    def test_two_imports_at_once_do_no_harm(self, tmp_path: Path, transactional_db: None) -> None:
        path, reports = a_file(tmp_path, a_row()), []

        def work() -> None:
            reports.append(imported(path))
            connection.close()

        threads = [threading.Thread(target=work) for _number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        created = sorted(report.counts["devices"].created for report in reports)
        assert created == [0, 0, 0, 1]
        assert Billed.objects.count() == 2


class TestContracts:
    def test_rows_without_number_share_the_contract_of_their_grid(self, tmp_path: Path) -> None:
        rows = [
            a_row(contract=""),
            a_row(contract="", serial="B2", next_due="05/07/2022"),
            a_row(contract="", serial="C3", next_due="15/05/2022"),
            a_row(contract="", serial="D4", months="12"),
        ]
        accepted(a_file(tmp_path, *rows))

        held = Contract.objects.order_by("pk").values_list("months", "first_due_on")
        assert list(held) == [
            (3, date(2022, 4, 5)),
            (3, date(2022, 5, 15)),
            (12, date(2022, 4, 5)),
        ]
        assert Coverage.objects.filter(contract=Contract.objects.earliest("pk")).count() == 2

    def test_a_device_keeps_its_unnumbered_contract(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row(contract="")))
        report = accepted(a_file(tmp_path, a_row(contract="", next_due="15/05/2022")))

        assert Contract.objects.count() == 1
        assert [one.value for one in report.differences] == ["15/05/2022"]

    def test_two_references_in_one_contract_are_only_a_warning(self, tmp_path: Path) -> None:
        rows = [a_row(), a_row(serial="B2") | {"Référence client": "CDE-1"}]
        rows += [a_row(serial="C3") | {"Référence client": "CDE-2"}]
        report = accepted(a_file(tmp_path, *rows))

        assert Contract.objects.get().customer_reference == "CDE-1"
        assert [(one.line, one.value) for one in report.warnings] == [(4, "CDE-2")]

    def test_a_later_day_of_the_grid_is_equal(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        report = accepted(a_file(tmp_path, a_row(next_due="05/10/2022")))

        assert (report.differences, report.counts["contracts"]) == ([], Count(unchanged=1))

    def test_without_a_next_date_it_is_the_last_billed_day_and_a_period(
        self, tmp_path: Path
    ) -> None:
        accepted(a_file(tmp_path, a_row(next_due="", billed_on="31/01/2022", months="1")))

        assert Contract.objects.get().first_due_on == date(2022, 2, 28)

    def test_with_neither_nothing_will_be_due(self, tmp_path: Path) -> None:
        report = accepted(
            a_file(tmp_path, a_row(next_due="", billed_on="", mono="", colour="", contract=""))
        )

        assert Contract.objects.get().first_due_on is None
        assert [one.column for one in report.warnings] == ["Prochaine échéance"]

    def test_a_date_that_comes_later_is_taken_once(self, tmp_path: Path) -> None:
        bare = {"billed_on": "", "mono": "", "colour": ""}
        accepted(a_file(tmp_path, a_row(next_due="", **bare)))
        report = accepted(a_file(tmp_path, a_row(**bare)))

        assert report.counts["contracts"] == Count(updated=1)
        assert Contract.objects.get().first_due_on == date(2022, 4, 5)

    def test_another_contract_takes_over_from_the_last_billed_day(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        accepted(a_file(tmp_path, a_row(contract="SSC-2000")))

        held = Coverage.objects.order_by("since").values_list("contract__number", "since", "until")
        assert list(held) == [
            ("SSC-1007", date(2019, 1, 7), date(2022, 1, 5)),
            ("SSC-2000", date(2022, 1, 5), None),
        ]


class TestMoving:
    def test_a_device_at_another_customer_leaves_the_first_on_the_day_installed(
        self, tmp_path: Path
    ) -> None:
        accepted(a_file(tmp_path, a_row()))
        there = a_row(code="CL2", name="Autre", contract="SSC-2", installed="01/03/2022")
        report = accepted(a_file(tmp_path, there))

        stays = Installation.objects.order_by("since").values_list(
            "site__customer__code", "since", "until"
        )
        assert list(stays) == [
            ("CL001007", date(2019, 1, 7), date(2022, 3, 1)),
            ("CL2", date(2022, 3, 1), None),
        ]
        covers = Coverage.objects.order_by("since").values_list("contract__number", "until")
        assert list(covers) == [("SSC-1007", date(2022, 3, 1)), ("SSC-2", None)]
        assert report.counts["installations"] == Count(created=1, updated=1)
        again = accepted(a_file(tmp_path, there))
        assert again.counts["installations"] == Count(unchanged=1)

    @pytest.mark.parametrize("installed", ["", "07/01/2019"])
    def test_a_move_without_its_day_is_an_error(self, tmp_path: Path, installed: str) -> None:
        accepted(a_file(tmp_path, a_row()))
        report = imported(a_file(tmp_path, a_row(site="Annexe", installed=installed)))

        assert [(one.line, one.column) for one in report.errors] == [(2, "Date d'installation")]
        assert not Site.objects.filter(name="Annexe").exists()

    def test_the_day_it_leaves_ends_stay_and_contract(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        gone = a_file(tmp_path, a_row(removed="31/03/2022"))
        report = accepted(gone)

        assert Installation.objects.get().until == date(2022, 3, 31)
        assert Coverage.objects.get().until == date(2022, 3, 31)
        assert report.counts["installations"] == Count(updated=1)
        assert accepted(gone).counts["installations"] == Count(unchanged=1)

    def test_leaving_before_coming_is_an_error(self, tmp_path: Path) -> None:
        report = imported(a_file(tmp_path, a_row(removed="01/01/2019")))

        assert [one.column for one in report.errors] == ["Date de retrait"]

    def test_absent_devices_are_listed_and_stay(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row(), a_row(serial="B2")))
        report = accepted(a_file(tmp_path, a_row()))

        assert [(one.line, one.value) for one in report.differences] == [(None, "B2")]
        assert Installation.objects.filter(until=None).count() == 2

    def test_absent_devices_leave_when_asked(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row(), a_row(serial="B2")))
        report = accepted(a_file(tmp_path, a_row()), retire_missing=True)

        assert Installation.objects.get(device__serial="B2").until == date(2022, 4, 4)
        assert Coverage.objects.get(device__serial="B2").until == date(2022, 4, 4)
        assert report.counts["installations"] == Count(updated=1, unchanged=1)

    def test_somebody_the_file_no_longer_names_is_listed(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        other = a_row(email="hugo@gramont.example", first_name="Hugo")
        report = accepted(a_file(tmp_path, other))

        assert "Alexandra" in sentences(report.differences)
        assert Respondent.objects.count() == 2


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

        assert "clients – créations : 1" in said
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
