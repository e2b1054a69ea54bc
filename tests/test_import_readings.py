"""Readings from a file: history, service reports, collectors; written once, contradictions listed."""

from __future__ import annotations

import json
from datetime import date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from releveur import clock
from releveur.fleet.models import Device
from releveur.importing import fleet, history
from releveur.importing.report import Count, Report
from releveur.readings.models import Billed, Quality, Reading, Withdrawal
from releveur.rules import metering
from releveur.rules.schedule import PARIS
from tests.importing.files import SAMPLES, a_file, a_row

pytestmark = pytest.mark.django_db

NOW = datetime(2022, 4, 4, 9, 0, tzinfo=PARIS)
SERIAL = "3923656030"


@pytest.fixture(autouse=True)
def device(tmp_path: Path) -> Device:
    """39 684 and 89 675, read and billed on 5 January 2022."""
    fleet.import_fleet(a_file(tmp_path, a_row()), now=NOW)
    return Device.objects.get(serial=SERIAL)


def a_line(day: str, mono: str, **more: str) -> dict[str, str]:
    names = {
        "nature": "Nature",
        "origin": "Origine",
        "occasion": "Occasion",
        "billed": "Facturé",
        "serial": "N° de série",
    }
    line = {"N° de série": SERIAL, "Date": day, "Compteur Noir": mono}
    return line | {names[name]: text for name, text in more.items()}


def imported(path: Path) -> Report:
    return history.import_readings(path, now=NOW)


def accepted(path: Path) -> Report:
    report = imported(path)
    assert report.errors == []
    return report


def mono_history(device: Device) -> list[metering.Reading]:
    return Reading.objects.standing().histories()[device.meters.get(kind__code="MONO").pk]


def test_a_collector_s_file_adds_older_readings(device: Device) -> None:
    report = accepted(SAMPLES / "collecteur.csv")

    assert [one.value for one in mono_history(device)] == [36_600, 38_184, 39_684]
    sources = Reading.objects.filter(taken_on__lt=date(2022, 1, 1)).values_list("source", flat=True)
    assert set(sources) == {Reading.Source.AGENT}
    assert report.counts["readings"] == Count(created=4)
    assert [remark.column for remark in report.warnings] == ["Customer"]
    assert Billed.objects.count() == 2, "a collector bills nothing"


def test_the_same_file_twice_changes_nothing() -> None:
    accepted(SAMPLES / "collecteur.csv")
    report = accepted(SAMPLES / "collecteur.csv")

    assert report.counts["readings"] == Count(unchanged=4)
    assert report.differences == []


def test_a_row_per_meter_reads_like_a_column_per_meter(tmp_path: Path, device: Device) -> None:
    line = {"N° de série": SERIAL, "Date": "05/10/2021", "Compteur": "noir", "Valeur": "38 184"}
    accepted(a_file(tmp_path, line))

    assert mono_history(device)[0].value == 38_184


def test_an_estimate_was_billed_and_is_no_reading(tmp_path: Path, device: Device) -> None:
    accepted(a_file(tmp_path, a_line("05/10/2021", "38184", nature="estimé")))

    assert [one.value for one in mono_history(device)] == [39_684]
    estimate = Billed.objects.get(taken_on=date(2021, 10, 5))
    assert (estimate.value, estimate.quality, estimate.reading) == (
        38_184,
        Quality.ESTIMATED,
        None,
    )


def test_a_real_reading_is_billed_only_where_the_file_says_so(tmp_path: Path) -> None:
    lines = [
        a_line("05/07/2021", "36600", billed="oui"),
        a_line("05/10/2021", "38184", billed="non"),
        a_line("05/11/2021", "38700", nature="accord"),
    ]
    accepted(a_file(tmp_path, *lines))

    assert not Billed.objects.filter(taken_on__gt=date(2021, 7, 5), taken_on__lt=date(2022, 1, 1))
    index = Billed.objects.get(taken_on=date(2021, 7, 5))
    assert index.reading
    assert index.reading.value == 36_600
    assert Reading.objects.get(taken_on=date(2021, 11, 5)).quality == Quality.AGREED


@pytest.mark.parametrize(
    ("origin", "source", "occasion"),
    [
        ("Relevé client", "IMPORT", "PERIODIC"),
        ("Relevé prestataire", "TECHNICIAN", "PERIODIC"),
        ("agence", "OFFICE", "PERIODIC"),
        ("Automatique", "AGENT", "PERIODIC"),
        ("Installation chez le client", "IMPORT", "INSTALLATION"),
        ("Reprise client", "IMPORT", "REMOVAL"),
        ("Retour prêt", "IMPORT", "LOAN"),
        ("pigeon", "IMPORT", "PERIODIC"),
    ],
)
def test_the_origins_of_an_erp_are_understood(
    tmp_path: Path, origin: str, source: str, occasion: str
) -> None:
    report = accepted(a_file(tmp_path, a_line("05/10/2021", "38184", origin=origin)))

    reading = Reading.objects.get(taken_on=date(2021, 10, 5))
    assert (reading.source, reading.occasion) == (source, occasion)
    assert [one.value for one in report.warnings] == (["pigeon"] if origin == "pigeon" else [])


def test_a_new_meter_opens_a_segment(tmp_path: Path, device: Device) -> None:
    lines = [
        a_line("05/04/2022", "980"),
        a_line("20/02/2022", "125", occasion="nouveau compteur"),
        a_line("20/02/2022", "40500", occasion="dépose"),
    ]
    accepted(a_file(tmp_path, *lines))

    told = [(one.taken_on.day, one.value, one.segment) for one in mono_history(device)]
    assert told == [(5, 39_684, 1), (20, 40_500, 1), (20, 125, 2), (5, 980, 2)]
    again = accepted(a_file(tmp_path, *lines))
    assert again.counts["readings"] == Count(unchanged=3)
    assert again.differences == []


def test_a_new_meter_before_readings_already_here_is_listed(tmp_path: Path) -> None:
    report = accepted(a_file(tmp_path, a_line("01/12/2021", "0", occasion="nouveau compteur")))

    assert [one.value for one in report.differences] == ["0"]
    assert Reading.objects.filter(segment=2).count() == 0


@pytest.mark.parametrize(
    ("day", "value"),
    [
        ("05/01/2022", "39685"),  # the day stands at 39 684
        ("06/01/2022", "39600"),  # below an earlier one
        ("04/01/2022", "39700"),  # above a later one
    ],
)
def test_contradictions_are_listed_and_not_written(tmp_path: Path, day: str, value: str) -> None:
    report = accepted(a_file(tmp_path, a_line(day, value)))

    assert [(one.line, one.value) for one in report.differences] == [(2, value)]
    assert report.counts["readings"] == Count()
    assert Reading.objects.count() == 2


def test_rows_that_contradict_each_other_are_listed_too(tmp_path: Path, device: Device) -> None:
    lines = [a_line("05/02/2022", "41000"), a_line("05/03/2022", "40000")]
    report = accepted(a_file(tmp_path, *lines))

    assert [one.line for one in report.differences] == [3]
    assert mono_history(device)[-1].value == 41_000


def test_a_reading_known_before_it_was_billed_is_the_one_that_was_billed(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_line("05/10/2021", "38184")))
    report = accepted(a_file(tmp_path, a_line("05/10/2021", "38184", billed="oui")))

    assert report.counts["readings"] == Count(created=1)
    reading = Reading.objects.get(taken_on=date(2021, 10, 5))
    assert Billed.objects.get(taken_on=date(2021, 10, 5)).reading == reading


def test_the_last_of_an_old_meter_and_the_first_of_the_new_are_billed_on_one_day(
    tmp_path: Path,
) -> None:
    lines = [
        a_line("20/02/2022", "40500", occasion="dépose", billed="oui"),
        a_line("20/02/2022", "125", occasion="nouveau compteur", billed="oui"),
    ]
    path = a_file(tmp_path, *lines)
    accepted(path)

    told = Billed.objects.filter(taken_on=date(2022, 2, 20)).values_list("segment", "value")
    assert sorted(told) == [(1, 40_500), (2, 125)]
    again = accepted(path)
    assert (again.counts["readings"], again.differences) == (Count(unchanged=2), [])


def test_what_was_corrected_here_is_known_when_the_erp_says_it_too(
    tmp_path: Path, device: Device
) -> None:
    accepted(a_file(tmp_path, a_line("05/02/2022", "41000")))
    wrong = Reading.objects.get(taken_on=date(2022, 2, 5))
    Reading.objects.create(
        meter=wrong.meter, taken_on=wrong.taken_on, value=40_100, recorded_at=NOW,
        source=Reading.Source.OFFICE, supersedes=wrong,
    )  # fmt: skip

    assert accepted(a_file(tmp_path, a_line("05/02/2022", "40100"))).differences == []
    assert len(accepted(a_file(tmp_path, a_line("05/02/2022", "41000"))).differences) == 1
    assert mono_history(device)[-1].value == 40_100


def test_a_reading_taken_back_here_does_not_come_back(tmp_path: Path, device: Device) -> None:
    path = a_file(tmp_path, a_line("05/02/2022", "41000"))
    accepted(path)
    taken_back = Reading.objects.get(taken_on=date(2022, 2, 5))
    Withdrawal.objects.create(reading=taken_back, withdrawn_at=NOW)
    report = accepted(path)

    assert len(report.differences) == 1
    assert mono_history(device)[-1].value == 39_684


def test_an_unknown_device_stops_the_file_and_an_unknown_meter_does_not(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_line("05/02/2022", "41000"), a_line("05/02/2022", "1", serial="X9"))
    report = imported(path)
    assert [(one.line, one.value) for one in report.errors] == [(3, "X9")]
    assert Reading.objects.count() == 2

    line = a_line("05/02/2022", "41000") | {"Compteur Scan": "12"}
    report = accepted(a_file(tmp_path, line))
    assert [one.column for one in report.warnings] == ["Compteur Scan"]
    assert report.counts["readings"] == Count(created=1)


def test_a_row_without_day_or_serial_is_an_error(tmp_path: Path) -> None:
    report = imported(a_file(tmp_path, a_line("", "1"), a_line("05/02/2022", "1", serial="")))

    assert [(one.line, one.column) for one in report.errors] == [(2, "Date"), (3, "N° de série")]


def test_a_file_without_any_meter_is_refused(tmp_path: Path) -> None:
    report = imported(a_file(tmp_path, {"N° de série": SERIAL, "Date": "05/01/2022"}))

    assert "Compteur" in report.errors[0].message


def test_the_command_answers_in_json_and_refuses_with_one(tmp_path: Path) -> None:
    clock.set(NOW)
    out = StringIO()
    path = a_file(tmp_path, a_line("05/02/2022", "41000"))
    call_command("import_readings", str(path), "--json", "--dry-run", stdout=out, stderr=StringIO())
    assert json.loads(out.getvalue())["readings"] == {"created": 1, "updated": 0, "unchanged": 0}
    assert Reading.objects.count() == 2

    with pytest.raises(CommandError) as refusal:
        call_command("import_readings", str(tmp_path / "nowhere.csv"), stderr=StringIO())
    assert refusal.value.returncode == 1


def test_a_long_history_takes_a_bounded_number_of_queries(
    tmp_path: Path, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    days = [date(2021, 1 + number // 28, 1 + number % 28) for number in range(300)]
    lines = [a_line(f"{day:%d/%m/%Y}", str(30_000 + place)) for place, day in enumerate(days)]
    path = a_file(tmp_path, *lines)

    with django_assert_max_num_queries(13):  # type: ignore[operator]  # a fixture that is called
        assert accepted(path).counts["readings"] == Count(created=300)
