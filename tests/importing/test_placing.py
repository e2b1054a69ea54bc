"""Devices that move, leave, come back, or are no longer in the file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from releveur.contracts.models import Contract, Coverage
from releveur.customers.models import Customer, Site
from releveur.fleet.models import Device, Installation, Respondent
from releveur.importing.report import Count
from tests.importing.files import a_file, a_row, accepted, imported, sentences

pytestmark = pytest.mark.django_db


def test_a_device_at_another_customer_leaves_the_first_on_the_day_installed(tmp_path: Path) -> None:
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
def test_a_move_without_its_day_is_an_error(tmp_path: Path, installed: str) -> None:
    accepted(a_file(tmp_path, a_row()))
    report = imported(a_file(tmp_path, a_row(site="Annexe", installed=installed)))

    assert [(one.line, one.column) for one in report.errors] == [(2, "Date d'installation")]
    assert not Site.objects.filter(name="Annexe").exists()


def test_the_day_it_leaves_ends_stay_and_contract(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    gone = a_file(tmp_path, a_row(removed="31/03/2022"))
    report = accepted(gone)

    assert Installation.objects.get().until == date(2022, 3, 31)
    assert Coverage.objects.get().until == date(2022, 3, 31)
    assert report.counts["installations"] == Count(updated=1)
    assert accepted(gone).counts["installations"] == Count(unchanged=1)


def test_leaving_before_coming_is_an_error(tmp_path: Path) -> None:
    report = imported(a_file(tmp_path, a_row(removed="01/01/2019")))

    assert [one.column for one in report.errors] == ["Date de retrait"]


def test_absent_devices_are_listed_and_stay(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row(), a_row(serial="B2")))
    report = accepted(a_file(tmp_path, a_row()))

    assert [(one.line, one.value) for one in report.differences] == [(None, "B2")]
    assert Installation.objects.filter(until=None).count() == 2


def test_absent_devices_leave_when_asked(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row(), a_row(serial="B2")))
    report = accepted(a_file(tmp_path, a_row()), retire_missing=True)

    assert Installation.objects.get(device__serial="B2").until == date(2022, 4, 4)
    assert Coverage.objects.get(device__serial="B2").until == date(2022, 4, 4)
    assert report.counts["installations"] == Count(updated=1, unchanged=1)


def test_a_device_moved_here_only_stays_where_it_was_moved(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    customer = Customer.objects.get()
    device, annexe = Device.objects.get(), Site.objects.create(customer=customer, name="Annexe")
    Installation.objects.update(until=date(2022, 3, 1))
    Installation.objects.create(device=device, site=annexe, since=date(2022, 3, 1))
    report = accepted(a_file(tmp_path, a_row()))

    assert [one.column for one in report.differences] == ["Site"]
    assert Installation.objects.get(until=None).site == annexe


def test_a_contract_changed_here_only_stays(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    other = Contract.objects.create(customer=Customer.objects.get(), number="ICI-1", months=3)
    Coverage.objects.update(contract=other)
    report = accepted(a_file(tmp_path, a_row()))

    assert [(one.column, one.value) for one in report.differences] == [
        ("N° de contrat", "SSC-1007")
    ]
    assert Coverage.objects.get().contract == other


def test_somebody_the_file_no_longer_names_is_listed(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    other = a_row(email="hugo@gramont.example", first_name="Hugo")
    report = accepted(a_file(tmp_path, other))

    assert "Alexandra" in sentences(report.differences)
    assert Respondent.objects.count() == 2
