"""A past period computed again from what was imported, beside what the ERP invoiced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries

from releveur import clock
from releveur.campaigns.models import BasisLine, Campaign, DueReading
from releveur.contracts.models import Contract, Coverage
from releveur.fleet.models import Meter
from releveur.ops.demo import files, preparing
from releveur.outbox.models import Mail
from releveur.readings.models import Billed, Reading
from tests.factories import (
    a_dealer,
    a_reading,
)
from tests.invoices import Row, a_table, compare, rows_of, why

pytestmark = pytest.mark.django_db

SUMMER, AUTUMN, WINTER = date(2021, 7, 5), date(2021, 10, 5), date(2022, 1, 5)


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
