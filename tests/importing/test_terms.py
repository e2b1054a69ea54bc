"""Which contract covers a device of a file, and when its readings are due."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from releveur.contracts.models import Contract, Coverage
from releveur.importing.report import Count
from tests.importing.files import a_file, a_row, accepted

pytestmark = pytest.mark.django_db


def test_rows_without_number_share_the_contract_of_their_grid(tmp_path: Path) -> None:
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


def test_a_device_keeps_its_unnumbered_contract(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row(contract="")))
    report = accepted(a_file(tmp_path, a_row(contract="", next_due="15/05/2022")))

    assert Contract.objects.count() == 1
    assert [one.value for one in report.differences] == ["15/05/2022"]


def test_two_references_in_one_contract_are_only_a_warning(tmp_path: Path) -> None:
    rows = [a_row(), a_row(serial="B2") | {"Référence client": "CDE-1"}]
    rows += [a_row(serial="C3") | {"Référence client": "CDE-2"}]
    report = accepted(a_file(tmp_path, *rows))

    assert Contract.objects.get().customer_reference == "CDE-1"
    assert [(one.line, one.value) for one in report.warnings] == [(4, "CDE-2")]


def test_a_later_day_of_the_grid_is_equal(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    report = accepted(a_file(tmp_path, a_row(next_due="05/10/2022")))

    assert (report.differences, report.counts["contracts"]) == ([], Count(unchanged=1))


def test_without_a_next_date_it_is_the_last_billed_day_and_a_period(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row(next_due="", billed_on="31/01/2022", months="1")))

    assert Contract.objects.get().first_due_on == date(2022, 2, 28)


def test_a_next_date_that_is_said_goes_before_one_that_is_computed(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row(next_due="", billed_on="03/01/2022"), a_row(serial="B2")))

    assert Contract.objects.get().first_due_on == date(2022, 4, 5)


def test_with_neither_nothing_will_be_due(tmp_path: Path) -> None:
    report = accepted(
        a_file(tmp_path, a_row(next_due="", billed_on="", mono="", colour="", contract=""))
    )

    assert Contract.objects.get().first_due_on is None
    assert [one.column for one in report.warnings] == ["Prochaine échéance"]


def test_a_date_that_comes_later_is_taken_once(tmp_path: Path) -> None:
    bare = {"billed_on": "", "mono": "", "colour": ""}
    accepted(a_file(tmp_path, a_row(next_due="", **bare)))
    report = accepted(a_file(tmp_path, a_row(**bare)))

    assert report.counts["contracts"] == Count(updated=1)
    assert Contract.objects.get().first_due_on == date(2022, 4, 5)


def test_another_contract_takes_over_from_the_last_billed_day(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    accepted(a_file(tmp_path, a_row(contract="SSC-2000")))

    held = Coverage.objects.order_by("since").values_list("contract__number", "since", "until")
    assert list(held) == [
        ("SSC-1007", date(2019, 1, 7), date(2022, 1, 5)),
        ("SSC-2000", date(2022, 1, 5), None),
    ]
