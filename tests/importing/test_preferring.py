"""What was changed here since the last import: listed, kept for good, or overwritten by the file."""

from __future__ import annotations

import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from releveur import clock
from releveur.contracts.models import Contract, Coverage
from releveur.customers.models import Contact, Customer, Site
from releveur.fleet.models import Device, DeviceModel, Installation, Meter, Respondent
from releveur.importing import fleet
from releveur.importing.report import Prefer, Report
from tests.importing.files import NOW, a_file, a_row, accepted

pytestmark = pytest.mark.django_db


def preferring(prefer: Prefer, path: Path) -> Report:
    report = fleet.import_fleet(path, prefer=prefer, now=NOW)
    assert report.errors == []
    return report


def changed_here() -> None:
    Installation.objects.update(location="Sous-sol")
    Customer.objects.update(name="Gramont SA")
    Meter.objects.filter(kind__code="MONO").update(monthly_volume=900)
    Device.objects.update(model=DeviceModel.objects.create(maker="Xerox", name="C8170"))


def test_the_files_values_overwrite_ours_and_are_counted(tmp_path: Path) -> None:
    accepted(path := a_file(tmp_path, a_row()))
    changed_here()
    report = preferring("file", path)

    assert report.differences == []
    assert sorted(one.value for one in report.settled) == [
        "500", "Accueil", "Gramont Services", "Xerox 7855V_F",
    ]  # fmt: skip
    assert "Sous-sol" in "".join(one.message for one in report.settled)
    assert {name for name, count in report.counts.items() if count.updated} == {
        "customers", "devices", "meters", "installations",
    }  # fmt: skip
    assert Installation.objects.get().location == "Accueil"
    assert str(Device.objects.get().model) == "Xerox 7855V_F"
    assert Meter.objects.get(kind__code="MONO").monthly_volume == 500
    again = preferring("file", path)
    assert (again.settled, again.differences) == ([], [])


def test_ours_stay_and_are_not_listed_again_while_the_file_says_the_same(tmp_path: Path) -> None:
    accepted(path := a_file(tmp_path, a_row()))
    changed_here()
    assert len(accepted(path).differences) == 4
    report = preferring("ours", path)
    assert (len(report.settled), report.differences) == (4, [])

    for prefer in ("ours", ""):
        again = preferring(prefer, path)
        assert (again.settled, again.differences) == ([], [])
    assert Installation.objects.get().location == "Sous-sol"

    news = accepted(a_file(tmp_path, a_row(location="2e étage")))
    assert [one.value for one in news.differences] == ["2e étage"]
    assert Installation.objects.get().location == "Sous-sol"


def test_once_both_agree_nothing_is_remembered(tmp_path: Path) -> None:
    accepted(path := a_file(tmp_path, a_row()))
    Installation.objects.update(location="Sous-sol")
    preferring("ours", path)
    accepted(a_file(tmp_path, a_row(location="Sous-sol"), name="same.csv"))

    assert Installation.objects.get().imported["location"] == "Sous-sol"
    assert "differs" not in Installation.objects.get().imported
    accepted(path)
    assert Installation.objects.get().location == "Accueil", "the ERP changed it"


def moved_here() -> Site:
    elsewhere = Site.objects.create(customer=Customer.objects.get(), name="Annexe")
    stay = Installation.objects.get()
    stay.until = date(2022, 3, 1)
    stay.save()
    Installation.objects.create(device=stay.device, site=elsewhere, since=date(2022, 3, 1))
    return elsewhere


def test_a_device_moved_here_stays_when_ours_is_preferred(tmp_path: Path) -> None:
    accepted(path := a_file(tmp_path, a_row()))
    elsewhere = moved_here()
    assert len(accepted(path).differences) == 1
    assert len(preferring("ours", path).settled) == 1

    assert accepted(path).differences == []
    assert Installation.objects.get(until=None).site == elsewhere


def test_a_device_moved_here_goes_back_when_the_file_is_preferred(tmp_path: Path) -> None:
    accepted(path := a_file(tmp_path, a_row()))
    moved_here()
    assert len(preferring("file", path).settled) == 1

    back = Installation.objects.get(until=None)
    assert (back.site.address, back.since) == ("30 rue de Gramont", NOW.date())
    assert Coverage.objects.get().until is None
    again = preferring("file", path)
    assert (again.settled, again.differences) == ([], [])


@pytest.mark.parametrize(("prefer", "number"), [("file", "SSC-1007"), ("ours", "SSC-9")])
def test_a_contract_changed_here(tmp_path: Path, prefer: Prefer, number: str) -> None:
    accepted(path := a_file(tmp_path, a_row()))
    ours = Contract.objects.create(customer=Customer.objects.get(), number="SSC-9")
    Coverage.objects.update(contract=ours)
    assert len(accepted(path).differences) == 1
    assert len(preferring(prefer, path).settled) == 1

    assert Coverage.objects.get(until=None).contract.number == number
    assert accepted(path).differences == []


@pytest.mark.parametrize(
    ("prefer", "first"), [("file", date(2022, 5, 15)), ("ours", date(2022, 4, 5))]
)
def test_due_days_that_are_not_ours(tmp_path: Path, prefer: Prefer, first: date) -> None:
    accepted(a_file(tmp_path, a_row()))
    path = a_file(tmp_path, a_row(next_due="15/05/2022"))
    assert len(accepted(path).differences) == 1
    assert len(preferring(prefer, path).settled) == 1

    assert Contract.objects.get().first_due_on == first
    assert accepted(path).differences == []


def test_a_file_of_two_minds_about_due_days_decides_nothing(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row(), a_row(serial="B2")))
    path = a_file(tmp_path, a_row(), a_row(serial="B2", next_due="15/05/2022"))
    report = fleet.import_fleet(path, prefer="file", now=NOW)

    assert [(one.line, one.column) for one in report.errors] == [(3, "Prochaine échéance")]
    assert report.settled == []
    assert Contract.objects.get().first_due_on == date(2022, 4, 5)


@pytest.mark.parametrize("removed", ["15/03/2022", ""])
def test_a_device_that_left_here(tmp_path: Path, removed: str) -> None:
    accepted(a_file(tmp_path, a_row()))
    Installation.objects.update(until=date(2022, 3, 1))
    Coverage.objects.update(until=date(2022, 3, 1))
    path = a_file(tmp_path, a_row(removed=removed))
    assert len(accepted(path).differences) == 1
    assert len(preferring("ours", path).settled) == 1
    assert accepted(path).differences == []

    report = preferring("file", path)
    told = date(2022, 3, 15) if removed else date(2022, 3, 1)
    assert (len(report.settled), len(report.differences)) == ((1, 0) if removed else (0, 1))
    assert Installation.objects.get().until == Coverage.objects.get().until == told


def test_who_answers_here_is_never_removed_by_a_file(tmp_path: Path) -> None:
    accepted(path := a_file(tmp_path, a_row()))
    hugo = Contact.objects.create(email="hugo@gramont.example", address_key="hugo@gramont.example")
    Respondent.objects.create(contact=hugo, customer=Customer.objects.get())
    assert len(preferring("file", path).differences) == 1
    assert len(preferring("ours", path).settled) == 1

    assert accepted(path).differences == []
    other = a_row(email="lea@gramont.example", first_name="Léa")
    news = accepted(a_file(tmp_path, other)).differences
    assert len(news) == 2, "Alexandra and Hugo, beside Léa"
    assert Respondent.objects.count() == 3


def test_a_dry_run_says_exactly_what_would_be_overwritten(tmp_path: Path) -> None:
    accepted(path := a_file(tmp_path, a_row()))
    changed_here()
    clock.set(NOW + timedelta(hours=1))

    def run(*arguments: str) -> dict[str, Any]:
        out = StringIO()
        call_command(
            "import_fleet", str(path), "--prefer", "file", "--json", *arguments,
            stdout=out, stderr=StringIO(),
        )  # fmt: skip
        said: dict[str, Any] = json.loads(out.getvalue())
        return said

    tried = run("--dry-run")
    assert Installation.objects.get().location == "Sous-sol"
    assert len(tried["settled"]) == 4
    assert run() == tried
    assert run()["settled"] == []


def test_a_person_reads_what_was_settled(tmp_path: Path) -> None:
    accepted(path := a_file(tmp_path, a_row()))
    Installation.objects.update(location="Sous-sol")
    clock.set(NOW)
    for prefer, words in (("ours", "Gardé"), ("file", "le fichier")):
        out = StringIO()
        call_command("import_fleet", str(path), "--prefer", prefer, stdout=out, stderr=StringIO())
        assert words in out.getvalue()
        assert "Sous-sol" in out.getvalue()
