"""A past period computed again from what was imported, beside what the ERP invoiced."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import DjangoAssertNumQueries

from releveur import clock
from releveur.campaigns import closing, signing
from releveur.campaigns.models import BasisLine, Campaign, DueReading
from releveur.contracts.models import Contract, Coverage
from releveur.fleet.models import Device, Meter
from releveur.ops.demo import files, preparing
from releveur.outbox.models import Mail
from releveur.readings.models import Billed, Reading
from releveur.rules.schedule import PARIS
from tests.factories import (
    DUE_ON,
    OPENED,
    a_billed_estimate,
    a_billed_reading,
    a_campaign,
    a_contact,
    a_contract,
    a_customer,
    a_dealer,
    a_device,
    a_reading,
    meter_of,
)

pytestmark = pytest.mark.django_db

SUMMER, AUTUMN, WINTER = date(2021, 7, 5), date(2021, 10, 5), date(2022, 1, 5)
LATER = datetime(2022, 6, 1, 9, 0, tzinfo=PARIS)

type Row = dict[str, str]


def compare(*arguments: object) -> dict[str, Any]:
    """The command as a script calls it."""
    out = io.StringIO()
    call_command("compare_basis", *map(str, arguments), "--json", stdout=out, stderr=io.StringIO())
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def a_table(folder: Path, rows: Iterable[Row], *, name: str = "factures.csv") -> Path:
    listed = list(rows)
    path = folder / name
    with path.open("w", encoding="cp1252", newline="") as file:
        writer = csv.DictWriter(file, list(listed[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(listed)
    return path


def a_row(serial: str = "3923656030", meter: str = "Noir", **changes: str) -> Row:
    """The seed's invoice line of 5 April."""
    return {
        "N° de contrat": "SSC-1007", "N° de série": serial, "Compteur": meter,
        "Date ancien relevé": "05/01/2022", "Ancien index": "39684",
        "Date nouveau relevé": "05/04/2022", "Nouvel index": "41200", "Quantité": "1516",
    } | changes  # fmt: skip


def rows_of(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def why(answer: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    return {
        (one["serial"], one["meter"]): [part["code"] for part in one["parts"]]
        for one in answer["differences"]
    }


class TestTheInventedDealer:
    """His fleet and two years of readings were imported; no campaign was ever opened."""

    @pytest.fixture(autouse=True)
    def imported(self) -> None:
        clock.set(preparing.MORNING)
        a_dealer()
        preparing.take(files.fleet(), now=preparing.MORNING)
        preparing.take(files.history(), readings=True, now=preparing.MORNING)
        others = Contract.objects.exclude(months=3)
        Coverage.objects.filter(contract__in=others).update(until=date(2020, 1, 1))

    @pytest.mark.parametrize("on", [SUMMER, AUTUMN])
    def test_a_past_quarter_computed_again_has_no_difference(
        self, on: date, tmp_path: Path
    ) -> None:
        rows = rows_of(files.invoiced(on))
        answer = compare("--due-until", on, "--with", a_table(tmp_path, rows))

        assert answer["differences"] == []
        assert answer["lines"]["equal"] == answer["lines"]["all"] == len(rows) > 90
        assert answer["impressions"]["difference"] == 0
        assert answer["impressions"]["ours"] == sum(int(row["Quantité"]) for row in rows)

    def test_where_the_erp_estimated_both_estimates_are_named(self, tmp_path: Path) -> None:
        answer = compare(
            "--due-until", WINTER, "--with", a_table(tmp_path, rows_of(files.invoiced(WINTER)))
        )
        assert set(answer["causes"]) == {"TWO_ESTIMATES"}
        assert answer["lines"]["unexplained"] == 0

    def test_nothing_is_written_and_nobody_is_written_to(self, tmp_path: Path) -> None:
        tables = (Reading, Billed, DueReading, Campaign, BasisLine, Mail)
        before = [table.objects.count() for table in tables]
        invoices = a_table(tmp_path, rows_of(files.invoiced(WINTER)))
        report, table = tmp_path / "rapport.html", tmp_path / "ecarts.csv"

        compare("--due-until", WINTER, "--with", invoices, "--report", report, "--output", table)

        assert [table.objects.count() for table in tables] == before

    def test_ten_faults_put_into_the_file_are_each_found_and_named(self, tmp_path: Path) -> None:
        faulty = _Faulty(rows_of(files.invoiced(AUTUMN)))
        for put in FAULTS.values():
            put(faulty)
        answer = compare("--due-until", AUTUMN, "--with", a_table(tmp_path, faulty.rows))

        found = {code for codes in why(answer).values() for code in codes}
        assert found == set(FAULTS)
        assert answer["lines"]["unexplained"] == 0
        theirs = sum(int(row["Quantité"]) for row in faulty.rows)
        sums = answer["impressions"]
        assert (sums["theirs"], sums["difference"]) == (theirs, sums["ours"] - theirs)
        by_cause = sum(cause["impressions"] for cause in answer["causes"].values())
        assert by_cause == sums["difference"]

    def test_the_queries_do_not_depend_on_the_fleet(
        self, tmp_path: Path, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        invoices = a_table(tmp_path, rows_of(files.invoiced(WINTER)))
        with django_assert_max_num_queries(25):
            compare("--due-until", WINTER, "--with", invoices)

    def test_report_and_table_are_complete_in_themselves(self, tmp_path: Path) -> None:
        invoices = a_table(tmp_path, rows_of(files.invoiced(WINTER)))
        report, table = tmp_path / "rapport.html", tmp_path / "ecarts.csv"
        answer = compare(
            "--due-until", WINTER, "--with", invoices, "--report", report, "--output", table
        )

        page = report.read_text()
        assert "<script" not in page and "http" not in page
        for one in answer["differences"]:
            assert one["serial"] in page
        lines = rows_of(table.read_text("utf-8-sig"))
        assert len(lines) == answer["lines"]["all"] + 1
        assert sum(int(line["Écart"]) for line in lines[:-1]) == int(lines[-1]["Écart"])


class _Faulty:
    """An invoice file in which each fault takes a device of its own."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self._free = iter([row for row in rows if int(row["Quantité"]) > 700])
        self._taken: set[str] = set()

    def row(self) -> Row:
        row = next(row for row in self._free if row["N° de série"] not in self._taken)
        self._taken.add(row["N° de série"])
        return row

    def meter(self, row: Row) -> Meter:
        kind = {"kind__label_fr": row["Compteur"]}
        return Meter.objects.get(device__serial=row["N° de série"], **kind)

    def pair(self) -> tuple[Row, Row]:
        while True:
            one = self.row()
            for other in self.rows:
                if other["N° de série"] == one["N° de série"] and other is not one:
                    return one, other


def _two_meters_swapped(file: _Faulty) -> None:
    one, other = file.pair()
    one["Nouvel index"], other["Nouvel index"] = other["Nouvel index"], one["Nouvel index"]
    for row in (one, other):
        row["Quantité"] = str(int(row["Nouvel index"]) - int(row["Ancien index"]))


def _a_later_reading(file: _Faulty) -> None:
    row = file.row()
    value = int(row["Nouvel index"]) + 40
    a_reading(file.meter(row), date(2021, 10, 12), value)
    row |= {"Nouvel index": str(value), "Date nouveau relevé": "12/10/2021"}
    row["Quantité"] = str(int(row["Quantité"]) + 40)


def _a_reading_nobody_imported(file: _Faulty) -> None:
    row = file.row()
    row |= {
        "Nouvel index": str(int(row["Nouvel index"]) + 55), "Date nouveau relevé": "14/10/2021",
        "Quantité": str(int(row["Quantité"]) + 55),
    }  # fmt: skip


def _an_estimate(file: _Faulty) -> None:
    row = file.row()
    row |= {
        "Nouvel index": str(int(row["Nouvel index"]) + 90), "Nature": "estimé",
        "Quantité": str(int(row["Quantité"]) + 90),
    }  # fmt: skip


def _round_numbers(file: _Faulty) -> None:
    row = file.row()
    row["Quantité"] = str(int(row["Quantité"]) // 10 * 10 + 10)


def _a_minimum(file: _Faulty) -> None:
    row = file.row()
    row["Quantité"] = str(int(row["Quantité"]) + 733)


def _twice(file: _Faulty) -> None:
    file.rows.append(dict(file.row()))


def _an_unknown_serial(file: _Faulty) -> None:
    file.rows.append(file.row() | {"N° de série": "ZZ99"})


def _no_more_under_contract(file: _Faulty) -> None:
    serial = file.row()["N° de série"]
    Coverage.objects.filter(device__serial=serial).update(since=date(2021, 11, 2))


def _a_line_of_the_quarter_before(file: _Faulty) -> None:
    row = file.row()
    file.rows.append(
        row | {
            "Ancien index": "0", "Date ancien relevé": "05/04/2021", "Quantité": "900",
            "Nouvel index": row["Ancien index"], "Date nouveau relevé": "05/07/2021",
        }
    )  # fmt: skip


FAULTS: dict[str, Callable[[_Faulty], None]] = {
    "METERS_SWAPPED": _two_meters_swapped,
    "OTHER_READING": _a_later_reading,
    "READING_MISSING": _a_reading_nobody_imported,
    "REAL_AGAINST_ESTIMATE": _an_estimate,
    "ROUNDED": _round_numbers,
    "MINIMUM": _a_minimum,
    "DUPLICATED": _twice,
    "SERIAL_UNKNOWN": _an_unknown_serial,
    "NOT_COVERED": _no_more_under_contract,
    "OTHER_PERIOD": _a_line_of_the_quarter_before,
}


class TestWhatWasKnownThen:
    @pytest.fixture(autouse=True)
    def summer(self) -> None:
        clock.set(LATER)
        a_dealer()

    @pytest.fixture
    def device(self) -> Device:
        return a_device(a_customer(), serial="3923656030", volumes={"mono": 507}, mono=39_684)

    def test_the_index_billed_for_the_period_itself_does_not_begin_it(
        self, device: Device, tmp_path: Path
    ) -> None:
        a_billed_reading(meter_of(device), DUE_ON, 41_200)
        a_billed_reading(meter_of(device), date(2022, 5, 20), 42_000)
        answer = compare("--due-until", DUE_ON, "--with", a_table(tmp_path, [a_row()]))
        assert answer["lines"]["equal"] == 1

    def test_a_reading_after_the_deadline_comes_too_late(
        self, device: Device, tmp_path: Path
    ) -> None:
        a_reading(meter_of(device), date(2022, 5, 10), 41_200)
        invoices = a_table(tmp_path, [a_row(**{"Date nouveau relevé": "10/05/2022"})])

        late = compare("--due-until", DUE_ON, "--with", invoices)
        assert late["known_until"] == "2022-04-28"
        assert late["impressions"] == {"ours": 1_500, "theirs": 1_516, "difference": -16}
        assert why(late) == {("3923656030", "MONO"): ["READING_NOT_TAKEN"]}

        known = ("--known-until", "2022-05-31")
        assert compare("--due-until", DUE_ON, "--with", invoices, *known)["differences"] == []

    def test_a_late_real_value_settles_the_estimates_before_it(
        self, device: Device, tmp_path: Path
    ) -> None:
        """The seed's E2, as the ERP invoices it: the new index less the one billed last."""
        a_billed_estimate(meter_of(device), DUE_ON, 41_184)
        a_billed_reading(meter_of(device), date(2022, 7, 5), 42_000)
        clock.set(datetime(2022, 9, 1, 9, tzinfo=PARIS))
        row = a_row(**{
            "Ancien index": "41184", "Date ancien relevé": "05/04/2022", "Quantité": "816",
            "Nouvel index": "42000", "Date nouveau relevé": "05/07/2022",
        })  # fmt: skip
        answer = compare("--due-until", "2022-07-05", "--with", a_table(tmp_path, [row]))
        assert answer["lines"]["equal"] == 1

    def test_a_contract_that_forbids_estimates_bills_nothing(self, tmp_path: Path) -> None:
        contract = a_contract(customer := a_customer(), estimation_allowed=False)
        a_device(customer, serial="3923656030", contract=contract, mono=39_684)
        answer = compare("--due-until", DUE_ON, "--with", a_table(tmp_path, [a_row()]))
        assert why(answer) == {("3923656030", "MONO"): ["NO_ESTIMATE_ALLOWED"]}

    def test_a_device_that_left_is_billed_once_more_in_that_period_only(
        self, device: Device, tmp_path: Path
    ) -> None:
        left = date(2022, 2, 20)
        Coverage.objects.update(until=left)
        a_reading(meter_of(device), left, 40_500, occasion=Reading.Occasion.REMOVAL)
        row = a_row(**{
            "Nouvel index": "40500", "Date nouveau relevé": "20/02/2022", "Quantité": "816",
        })  # fmt: skip
        path = a_table(tmp_path, [row])
        assert compare("--due-until", DUE_ON, "--with", path)["lines"]["equal"] == 1
        clock.set(datetime(2022, 9, 1, 9, tzinfo=PARIS))
        later = compare("--due-until", "2022-07-05", "--with", path)
        assert why(later) == {("3923656030", "MONO"): ["NOT_COVERED"]}

    def test_a_day_that_is_not_over_is_refused(self, device: Device, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="2022-07-05"):
            compare("--due-until", "2022-07-05", "--with", a_table(tmp_path, [a_row()]))


class TestACampaign:
    def test_its_basis_is_compared_before_and_after_the_signature(self, tmp_path: Path) -> None:
        clock.set(OPENED)
        a_dealer()
        a_contact(customer := a_customer())
        device = a_device(customer, serial="3923656030", mono=39_684)
        a_reading(meter_of(device), DUE_ON, 41_200)
        campaign = a_campaign()
        invoices = a_table(tmp_path, [a_row()])

        assert compare(campaign.pk, "--with", invoices)["lines"]["equal"] == 1
        closing.close_early(campaign.pk, now=OPENED)
        signing.sign(campaign.pk, by="Mme Roy", now=OPENED)
        assert compare(campaign.pk, "--with", invoices)["lines"]["equal"] == 1

    def test_what_export_basis_wrote_is_read_as_it_is(self, tmp_path: Path) -> None:
        clock.set(OPENED)
        a_dealer()
        device = a_device(a_customer(), serial="3923656030")
        a_reading(meter_of(device), DUE_ON, 41_200)
        a_reading(meter_of(device, "color"), DUE_ON, 92_910)
        campaign, output = a_campaign(), tmp_path / "basis"
        for form in ("csv", "xlsx"):
            call_command(
                "export_basis", str(campaign.pk), "--format", form, "--output", str(output),
                stdout=io.StringIO(),
            )  # fmt: skip
            assert compare(campaign.pk, "--with", output)["lines"]["equal"] == 2


class TestTheFile:
    @pytest.fixture(autouse=True)
    def device(self) -> Device:
        clock.set(LATER)
        a_dealer()
        contract = a_contract(customer := a_customer(), number="SSC-1007")
        device = a_device(customer, serial="3923656030", contract=contract)
        a_reading(meter_of(device), DUE_ON, 41_200)
        a_reading(meter_of(device, "color"), DUE_ON, 92_910)
        return device

    def test_one_row_per_device_with_columns_per_meter(self, tmp_path: Path) -> None:
        wide = {
            "Matricule": "3923656030", "Date": "05/04/2022",
            "Ancien Noir": "39684", "Nouveau Noir": "41200", "Quantité Noir": "1516",
            "Ancien Couleur": "89675", "Nouveau Couleur": "92910", "Quantité Couleur": "3235",
            "Ancien Scan": "0", "Nouveau Scan": "0", "Quantité Scan": "",
        }  # fmt: skip
        answer = compare("--due-until", DUE_ON, "--with", a_table(tmp_path, [wide]))
        assert answer["lines"]["equal"] == answer["lines"]["all"] == 2

    def test_a_contract_of_one_device_names_it(self, tmp_path: Path) -> None:
        rows = [
            a_row(""),
            a_row("", "Couleur", **{"Ancien index": "89675", "Nouvel index": "92910",
                                    "Quantité": "3235"}),
        ]  # fmt: skip
        answer = compare("--due-until", DUE_ON, "--with", a_table(tmp_path, rows))
        assert answer["lines"]["equal"] == answer["lines"]["all"] == 2

    def test_a_contract_of_two_devices_does_not(self, device: Device, tmp_path: Path) -> None:
        a_device(a_customer(), contract=Contract.objects.get(), mono=1)
        answer = compare("--due-until", DUE_ON, "--with", a_table(tmp_path, [a_row("")]))
        assert why(answer)["SSC-1007", "MONO"] == ["CONTRACT_UNCLEAR"]

    def test_a_mapping_names_other_headings(self, tmp_path: Path) -> None:
        mapping = tmp_path / "artis.toml"
        mapping.write_text(
            '[columns]\n"N° Série" = "N° de série"\n"Grandeur" = "Compteur"\n'
            '"Avant" = "Ancien index"\n"Après" = "Nouvel index"\n"Copies" = "Quantité"\n'
        )
        row = {"N° Série": "3923656030", "Grandeur": "Noir", "Avant": "39684", "Après": "41200",
               "Copies": "1516,00"}  # fmt: skip
        path = a_table(tmp_path, [row])
        answer = compare("--due-until", DUE_ON, "--with", path, "--mapping", mapping)
        assert answer["lines"]["equal"] == 1

    def test_what_cannot_be_read_is_listed_and_nothing_is_compared(self, tmp_path: Path) -> None:
        path = a_table(tmp_path, [a_row(Quantité="1.516"), a_row(meter="")])
        out = io.StringIO()
        with pytest.raises(CommandError) as refusal:
            call_command(
                "compare_basis", "--due-until", str(DUE_ON), "--with", str(path), "--json",
                stdout=out,
            )  # fmt: skip
        assert refusal.value.returncode == 1
        assert [error["line"] for error in json.loads(out.getvalue())["errors"]] == [2, 3]

    def test_a_file_that_is_there_is_never_overwritten(self, tmp_path: Path) -> None:
        path = a_table(tmp_path, [a_row()])
        with pytest.raises(CommandError):
            compare("--due-until", DUE_ON, "--with", path, "--output", path)
