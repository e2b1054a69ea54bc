"""The same fleet again: what the ERP changed, what was changed here, what changes nothing."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest
from django.db import connection

from releveur.contracts.models import Contract
from releveur.customers.models import Customer
from releveur.fleet.models import Device, Installation, Meter
from releveur.importing import deciding
from releveur.importing.report import Count
from releveur.readings.models import Billed, Quality, Reading
from tests.importing.files import SAMPLES, a_file, a_row, accepted, imported

pytestmark = pytest.mark.django_db


def test_the_same_file_twice_changes_nothing() -> None:
    first = accepted(SAMPLES / "parc_cp1252.csv")
    second = accepted(SAMPLES / "parc_cp1252.csv")

    assert second.differences == []
    for name, count in first.counts.items():
        assert second.counts[name] == Count(unchanged=count.created), name


def test_what_the_erp_changed_is_taken_over(tmp_path: Path) -> None:
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


def test_what_was_changed_here_is_listed_and_stays(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    Installation.objects.update(location="Sous-sol")
    for text in ("Accueil", "2e étage"):
        report = accepted(a_file(tmp_path, a_row(location=text)))

        assert [(one.line, one.value) for one in report.differences] == [(2, text)]
        assert "Sous-sol" in report.differences[0].message
    assert Installation.objects.get().location == "Sous-sol"


def test_a_difference_that_was_put_right_here_is_forgotten(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_row())
    accepted(path)
    Installation.objects.update(location="Sous-sol")
    assert accepted(path).differences
    assert deciding.met(Installation.objects.get())

    Installation.objects.update(location="Accueil")
    assert accepted(path).differences == []
    assert not deciding.met(Installation.objects.get())


def test_an_empty_cell_says_nothing(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    report = accepted(a_file(tmp_path, a_row(location="", mode="")))

    assert Installation.objects.get().location == "Accueil"
    assert report.counts["installations"] == Count(unchanged=1)


def test_another_value_billed_on_the_same_day_is_a_difference(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    report = accepted(a_file(tmp_path, a_row(mono="39685")))

    assert [(one.column, one.value) for one in report.differences] == [("Compteur Noir", "39685")]
    assert Billed.objects.filter(meter__kind__code="MONO").count() == 1


def test_the_next_billed_index_is_added(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    later = a_row(billed_on="05/04/2022", mono="41184", colour="92000", next_due="05/07/2022")
    report = accepted(a_file(tmp_path, later))

    assert report.differences == []
    assert report.counts["readings"] == Count(created=2)
    assert Contract.objects.get().first_due_on == date(2022, 4, 5), "set once"


def test_an_estimate_signed_here_never_comes_back_as_a_real_reading(tmp_path: Path) -> None:
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


def test_a_value_below_an_earlier_real_one_is_listed_and_not_written(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row(colour="")))
    report = accepted(a_file(tmp_path, a_row(colour="", billed_on="05/04/2022", mono="4118")))

    assert [one.value for one in report.differences] == ["4118"]
    assert Billed.objects.count() == 1


def test_two_imports_at_once_do_no_harm(tmp_path: Path, transactional_db: None) -> None:
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
