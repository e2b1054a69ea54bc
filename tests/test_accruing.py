"""What is printed and not invoiced, on any day: it adds up, and says what it rests on."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import DjangoAssertNumQueries

from releveur import clock
from releveur.audit.models import Entry
from releveur.campaigns import accruing, signing
from releveur.campaigns.models import Campaign, Invitation
from releveur.contracts.models import Contract, Coverage
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device, Installation, Meter
from releveur.readings.models import Reading
from releveur.rules.schedule import PARIS
from tests.factories import (
    DUE_ON,
    OPENED,
    READ_ON,
    a_billed_estimate,
    a_billed_reading,
    a_campaign,
    a_contact,
    a_contract,
    a_customer,
    a_dealer,
    a_device,
    a_meter,
    a_reading,
    answers,
    meter_of,
)

pytestmark = pytest.mark.django_db

APRIL_30 = date(2022, 4, 30)
NOW = datetime(2022, 6, 1, 9, 0, tzinfo=PARIS)


@pytest.fixture(autouse=True)
def in_june() -> None:
    clock.set(NOW)
    a_dealer()


@pytest.fixture
def device() -> Device:
    """500 impressions a month are expected of it: 16.438 a day."""
    customer = a_customer()
    a_contact(customer)
    contract = a_contract(customer, number="CT-1")
    return a_device(
        customer, serial="3923656030", volumes={"mono": 500}, mono=39_684, contract=contract
    )


def exported(on: date, *arguments: object) -> dict[str, Any]:
    out = io.StringIO()
    call_command("export_accruals", f"--on={on}", *map(str, arguments), "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def lines(on: date) -> list[tuple[str, str, int]]:
    """Each meter with the day it runs from and its impressions."""
    return [(one["serial"], one["since_on"], one["net"]) for one in exported(on)["lines"]]


def test_it_runs_from_the_last_billed_index_estimated_to_the_day(device: Device) -> None:
    [line] = exported(APRIL_30)["lines"]
    # 115 days at 500 x 12 / 365.
    assert (line["since_on"], line["until_on"], line["net"]) == ("2022-01-05", "2022-04-30", 1_890)
    assert (line["value"], line["nature"], line["since_nature"]) == (41_574, "estimé", "réel")
    assert "500" in line["how"] and line["contract"] == "CT-1"
    assert not Reading.objects.filter(source=Reading.Source.SYSTEM).exists(), "nothing is written"


@pytest.mark.parametrize(
    ("on", "impressions"),
    [(date(2022, 1, 6), 16), (date(2022, 1, 31), 427), (date(2023, 1, 5), 6_000)],
)
def test_any_day_will_do_past_or_to_come(device: Device, on: date, impressions: int) -> None:
    assert lines(on) == [("3923656030", "2022-01-05", impressions)]


@pytest.mark.parametrize("on", [READ_ON, READ_ON - timedelta(1)])
def test_nothing_is_owed_on_the_day_of_the_invoice(device: Device, on: date) -> None:
    assert [net for _serial, _since, net in lines(on)] in ([], [0])


def test_more_than_a_year_ahead_is_refused(device: Device) -> None:
    exported(NOW.date() + timedelta(366))
    with pytest.raises(CommandError) as refusal:
        exported(NOW.date() + timedelta(367))
    assert refusal.value.returncode == 1


def test_readings_and_invoices_of_later_are_left_aside(device: Device) -> None:
    before = exported(APRIL_30)
    a_reading(meter_of(device), date(2022, 5, 1), 50_000)
    a_billed_reading(meter_of(device), date(2022, 5, 2), 50_010)
    assert exported(APRIL_30) == before
    assert lines(date(2022, 5, 3))[0][1] == "2022-05-02"


def test_what_was_signed_later_was_not_invoiced_yet(device: Device) -> None:
    campaign = a_campaign()
    answers(Invitation.objects.get(), device, mono=41_200, now=OPENED)
    Campaign.objects.update(state="CLOSED")
    signed_at = datetime(2022, 5, 2, 11, tzinfo=PARIS)
    signing.sign(campaign.pk, by="Mme Roy", now=signed_at)

    assert lines(APRIL_30)[0][1] == "2022-01-05"
    assert lines(date(2022, 5, 1))[0][1] == "2022-01-05"
    assert lines(date(2022, 5, 2))[0][1] == "2022-04-05"


def test_a_reading_of_that_very_day_is_no_estimate(device: Device) -> None:
    a_reading(meter_of(device), APRIL_30, 41_000)
    [line] = exported(APRIL_30)["lines"]
    assert (line["net"], line["nature"], line["how"]) == (1_316, "réel", "")


def test_an_estimate_that_was_too_high_is_taken_off(device: Device) -> None:
    a_billed_estimate(meter_of(device), DUE_ON, 41_184)
    a_reading(meter_of(device), date(2022, 7, 5), 42_000)
    [line] = exported(date(2022, 7, 5))["lines"]
    assert (line["net"], line["of_this_period"], line["regularisation"]) == (816, 1_164, -348)


def test_what_left_counts_to_its_end_and_once_invoiced_no_more(device: Device) -> None:
    Coverage.objects.update(until=date(2022, 2, 4))
    [line] = exported(APRIL_30)["lines"]
    assert (line["until_on"], line["net"]) == ("2022-02-04", 493)
    a_billed_reading(meter_of(device), date(2022, 2, 4), 40_100)
    assert lines(APRIL_30) == []


def test_a_device_that_went_counts_to_the_day_it_went(device: Device) -> None:
    Installation.objects.update(until=date(2022, 2, 4))
    assert exported(APRIL_30)["lines"][0]["until_on"] == "2022-02-04"


def test_a_device_that_changed_its_contract_is_shared_to_the_page(device: Device) -> None:
    whole = lines(APRIL_30)[0][2]
    change = date(2022, 2, 10)
    Coverage.objects.update(until=change)
    second = Contract.objects.create(
        customer=a_customer(), number="CT-2", months=1, first_due_on=DUE_ON
    )
    Coverage.objects.create(contract=second, device=device, since=change)

    old, new = exported(APRIL_30)["lines"]
    assert (old["contract"], old["since_on"], old["until_on"]) == (
        "CT-1", "2022-01-05", "2022-02-10",
    )  # fmt: skip
    assert (new["contract"], new["since_on"], new["until_on"]) == (
        "CT-2", "2022-02-10", "2022-04-30",
    )  # fmt: skip
    assert (old["net"], old["net"] + new["net"]) == (592, whole)


def test_what_is_not_billed_or_never_due_is_left_out(device: Device) -> None:
    customer = a_customer()
    a_device(customer, mono=10, mode=Device.Mode.NONE)
    Meter.objects.filter(pk=a_meter(device, "scan").pk).update(billed=False)
    a_device(customer, mono=10, contract=a_contract(customer, number="CT-9", months=12))
    Contract.objects.filter(number="CT-9").update(first_due_on=None)
    assert [serial for serial, _since, _net in lines(APRIL_30)] == ["3923656030"]


def a_larger_fleet() -> None:
    for number in range(3):
        customer = a_customer(code=f"CL{number}", name=f"=Client {number}")
        contract = a_contract(customer, number=f"CT-1{number}")
        for _device in range(3):
            device = a_device(
                customer, contract=contract, volumes={"mono": 700, "color": 90},
                mono=1_000 * number, color=77,
            )  # fmt: skip
            a_billed_estimate(meter_of(device), DUE_ON, 90_000 * number)


def test_the_totals_of_contracts_and_kinds_add_up(device: Device) -> None:
    a_larger_fleet()
    answer = exported(date(2022, 7, 1))
    net = sum(line["net"] for line in answer["lines"])
    assert (answer["impressions"], answer["meters"]) == (net, 19)
    assert sum(one["net"] for one in answer["contracts"]) == net
    assert sum(answer["kinds"].values()) == net
    assert len(answer["contracts"]) == 4


def rows(file: Path) -> list[dict[str, str]]:
    text = file.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def test_the_file_has_its_totals_and_no_formula(device: Device, tmp_path: Path) -> None:
    a_larger_fleet()
    file = tmp_path / "fae.csv"
    answer = exported(date(2022, 7, 1), "--output", file)
    assert "lines" not in answer and answer["bytes"] == file.stat().st_size

    plain = [row for row in rows(file) if not row["Total"]]
    assert sum(int(row["Impressions"]) for row in plain) == answer["impressions"]
    for label in ("TOTAL CONTRAT", "TOTAL"):
        of_all = [row for row in rows(file) if row["Total"] == label and row["Compteur"] != "Tous"]
        assert sum(int(row["Impressions"]) for row in of_all) == answer["impressions"]
    [everything] = [row for row in rows(file) if row["Compteur"] == "Tous"]
    assert int(everything["Impressions"]) == answer["impressions"]
    assert plain[0]["Raison sociale"] == "'=Client 0"
    assert plain[0]["Jusqu’au"] == "01/07/2022"
    assert Entry.objects.get(action="EXPORT_ACCRUALS").subject_key == "2022-07-01"


def test_a_file_that_is_there_stays(device: Device, tmp_path: Path) -> None:
    file = tmp_path / "fae.csv"
    file.write_text("mine")
    with pytest.raises(CommandError):
        exported(APRIL_30, "--output", file)
    assert file.read_text() == "mine"


def test_without_a_file_the_lines_are_printed(device: Device) -> None:
    out = io.StringIO()
    call_command("export_accruals", f"--on={APRIL_30}", stdout=out)
    heading, line, contract, kind, everything = out.getvalue().splitlines()
    assert heading.startswith("Total;N° de contrat") and ";3923656030;" in line
    assert contract.startswith("TOTAL CONTRAT;CT-1;")
    assert kind.startswith("TOTAL;") and everything.startswith("TOTAL;") and "Tous" in everything


def test_by_season_too_the_sum_is_the_same(device: Device) -> None:
    a_reading(meter_of(device), date(2021, 1, 5), 30_000)
    a_reading(meter_of(device), date(2021, 4, 5), 33_000)
    a_reading(meter_of(device), date(2021, 7, 5), 34_000)
    a_billed_estimate(meter_of(device), DUE_ON, 41_184)
    a_reading(meter_of(device), date(2022, 7, 5), 42_000)
    Dealer.objects.update(resplit="SEASON")
    [line] = exported(date(2022, 7, 5))["lines"]
    assert (line["net"], line["of_this_period"], line["regularisation"]) == (816, 579, 237)


def test_the_queries_are_as_many_for_one_device_as_for_many(
    django_assert_num_queries: DjangoAssertNumQueries, device: Device
) -> None:
    with django_assert_num_queries(5):
        assert len(list(accruing.accruals(APRIL_30, now=NOW))) == 1
    for number in range(8):
        a_device(
            a_customer(), serial=f"M{number}", volumes={"mono": 40, "color": 30}, mono=1, color=2
        )
    with django_assert_num_queries(5):
        assert len(list(accruing.accruals(APRIL_30, now=NOW))) == 17
