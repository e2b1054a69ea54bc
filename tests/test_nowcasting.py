"""The close asks the answers of its own campaign how this time differs, and says so."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from releveur.campaigns import closing, nowcasting
from releveur.campaigns.models import Campaign, Invitation
from releveur.customers.models import Customer
from releveur.fleet.models import Device, DeviceModel
from releveur.readings import estimating, submission
from releveur.readings.models import Reading
from tests.factories import DUE_ON, OPENED, a_campaign, a_device, a_reading, answers, meter_of

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def a_fleet(customer: Customer, *, count: int = 13, model: str = "7855V_F") -> list[Device]:
    """Devices of one model that printed 10 pages a day, and some more each."""
    devices = []
    for number in range(count):
        device = a_device(customer, mono=39_684, model=model)
        a_reading(meter_of(device), date(2021, 10, 7), 39_684 - 90 * (10 + number))
        devices.append(device)
    return devices


def closed(devices: list[Device], *, share: float) -> Campaign:
    """Every device but the first one has printed so many times what it usually does."""
    campaign = a_campaign()
    for number, device in enumerate(devices[1:], 1):
        printed = round(90 * (10 + number) * share)
        day = OPENED + timedelta(days=1)
        answers(Invitation.objects.get(), device, mono=39_684 + printed, taken_on=DUE_ON, now=day)
    Campaign.objects.update(state="CLOSING")
    closing.finish(campaign.pk, now=OPENED + 4 * WEEK)
    return campaign


def the_estimate(device: Device) -> dict[str, object]:
    found = Reading.objects.get(meter__device=device, source="SYSTEM").explanation
    return dict(found or {})


def test_when_everybody_prints_more_the_silent_are_thought_to_as_well(customer: Customer) -> None:
    silent, *_others = devices = a_fleet(customer)
    closed(devices, share=1.5)

    found = the_estimate(silent)
    inputs = found["inputs"]
    assert isinstance(inputs, dict)
    assert inputs["reporters"] == 12
    assert 12_000 < inputs["factor"] < 15_000, "drawn towards 1: they are few"
    assert found["volume"] == round(900 * inputs["factor"] / 10_000)
    assert inputs["lowest"] < 10_000 < inputs["highest"]
    assert int(str(found["low"])) < 39_684 + int(str(found["volume"])) < int(str(found["high"]))
    assert "les matériels comparables ont imprimé" in str(found["words"])


def test_when_everybody_prints_as_ever_nothing_is_said_of_it(customer: Customer) -> None:
    silent, *_others = devices = a_fleet(customer)
    closed(devices, share=1)
    assert the_estimate(silent)["volume"] == 900
    assert "comparables" not in str(the_estimate(silent)["words"])


def test_what_is_foreseen_is_what_the_close_writes(customer: Customer) -> None:
    silent, *_others = devices = a_fleet(customer)
    campaign = closed(devices, share=1.3)

    meter = meter_of(silent)
    rates = nowcasting.rates(campaign.pk)
    [foreseen] = estimating.foresee(
        [estimating.unread(meter, on=DUE_ON)],
        rates=rates, known=[*submission.facts([meter]).values()], now=OPENED,
    )  # fmt: skip
    assert foreseen.explanation == the_estimate(silent)


def test_nobody_is_thought_to_print_more_than_the_model_can(customer: Customer) -> None:
    silent = a_device(customer, mono=100_000, model="Slow")
    a_reading(meter_of(silent), date(2021, 12, 26), 0)
    DeviceModel.objects.filter(name="Slow").update(pages_a_minute=1)
    closed([silent, *a_fleet(customer)], share=1)

    found = the_estimate(silent)
    assert found["volume"] == 60 * 8 * 65, "of ninety days, sixty-five work"
    assert "limité à ce que ce modèle peut imprimer" in str(found["words"])


def test_as_many_of_each_kin_are_looked_at_however_large_it_is(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nowcasting, "ANSWERED", 4)
    monkeypatch.setattr(nowcasting, "STRETCH", 5)
    silent, *_others = devices = a_fleet(customer)
    closed(devices, share=1.5)
    inputs = the_estimate(silent)["inputs"]
    assert isinstance(inputs, dict)
    assert inputs["reporters"] == 4


def test_of_a_very_large_campaign_a_part_is_walked_through(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nowcasting, "WALKED", 7)
    silent, *_others = devices = a_fleet(customer, count=25)
    closed(devices, share=1.5)
    inputs = the_estimate(silent)["inputs"]
    assert isinstance(inputs, dict)
    assert 0 < inputs["reporters"] < 24


def test_a_campaign_without_rows_tells_nothing() -> None:
    assert nowcasting.rates(0) == estimating.ModelRates()
