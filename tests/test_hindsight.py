"""Whether silence pays: what was estimated of the silent against what was read later, by hand."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from releveur.campaigns import hindsight, proposing
from releveur.campaigns.models import Campaign, Invitation
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from releveur.readings.models import Quality, Reading, Withdrawal
from releveur.rules.schedule import PARIS
from tests.factories import (
    DUE_ON,
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_reading,
    answers,
    meter_of,
)

pytestmark = pytest.mark.django_db

JULY = date(2022, 7, 5)


@pytest.fixture
def customer() -> Customer:
    a_dealer()
    a_contact(customer := a_customer())
    return customer


def a_meter_at(customer: Customer, serial: str) -> Device:
    return a_device(customer, serial=serial, mono=10_000)


def silent(campaign: Campaign, **values: int) -> Campaign:
    """Estimated at the close, by serial number, since 10 000 on 5 January."""
    for row in campaign.due_readings.filter(reading=None).select_related("meter__device"):
        row.reading = Reading.objects.create(
            meter=row.meter, taken_on=row.due_on, value=values[row.meter.device.serial],
            recorded_at=OPENED, quality=Quality.ESTIMATED, source=Reading.Source.SYSTEM,
            explanation={"method": "MEAN", "inputs": {"since_value": 10_000}, "volume": 0},
        )  # fmt: skip
        row.save()
    Campaign.objects.filter(pk=campaign.pk).update(state="CLOSED")
    return campaign


def read(device: str, value: int, *, on: date = JULY) -> Reading:
    meter = meter_of(Device.objects.get(serial=device))
    return a_reading(meter, on, value, source=Reading.Source.TECHNICIAN)


def of_three(customer: Customer) -> Campaign:
    """Estimated 900, 900 and 900 in 90 days; printed there 900, 1 000 and 600 as far as is known in July."""
    for serial in ("A", "B", "C", "D"):
        a_meter_at(customer, serial)
    campaign = silent(a_campaign(), A=10_900, B=10_900, C=10_900, D=10_900)
    read("A", 11_810)
    read("B", 10_500, on=date(2022, 2, 19))
    read("B", 11_590, on=date(2022, 5, 20))
    read("C", 11_207)
    return campaign


def test_estimates_are_compared_with_the_line_through_what_was_read(customer: Customer) -> None:
    campaign = of_three(customer)
    [found] = hindsight.look_back(campaign.pk).campaigns
    # A: 1 810 in 181 days, 900 in 90. B: 500 up to February, then 1 090 in 90 days, 45 of them: 1 045.
    # C: 1 207 in 181 days, 600 in 90.
    errors = {"A": 0, "B": 900 - 1_045, "C": 900 - 600}
    assert (found.silent, found.compared) == (4, 3), "D was not read since"
    assert (found.overestimated, found.underestimated) == (300, 145)
    assert found.mean_error == round(sum(errors.values()) / 3, 1)
    assert found.median_error == 0
    assert found.mean_percent == round((0 - 100 * 145 / 1_045 + 50) / 3, 1)
    assert found.median_percent == 0
    assert found.too_low == 1


def test_all_campaigns_together_and_each_for_itself(customer: Customer) -> None:
    spring = of_three(customer)
    summer = a_campaign(due_until=JULY, now=datetime(2022, 7, 5, 10, tzinfo=PARIS))
    assert hindsight.look_back().overall.silent == 4, "the summer is not closed"
    silent(summer, A=12_000, B=12_000, C=12_000, D=11_700)
    read("D", 12_000, on=date(2022, 7, 20))
    found = hindsight.look_back()
    assert [one.campaign for one in found.campaigns] == [spring.pk, summer.pk]
    assert found.overall.campaign is None
    assert found.overall.silent == sum(one.silent for one in found.campaigns)
    assert found.overall.compared == sum(one.compared for one in found.campaigns)
    for name in ("overestimated", "underestimated", "too_low"):
        assert getattr(found.overall, name) == sum(getattr(one, name) for one in found.campaigns)


def test_who_was_silent_twice_is_named_the_one_it_paid_for_first(customer: Customer) -> None:
    for serial in ("A", "B", "ONCE"):
        a_meter_at(customer, serial)
    silent(a_campaign(), A=10_900, B=10_900, ONCE=10_900)
    read("ONCE", 11_800)
    now = datetime(2022, 7, 5, 10, tzinfo=PARIS)
    silent(a_campaign(due_until=JULY, now=now), A=11_800, B=11_800)
    read("A", 12_720, on=date(2022, 10, 4))
    read("B", 15_440, on=date(2022, 10, 4))
    found = hindsight.look_back()
    assert found.silent_again == 2
    # A: 2 720 in 272 days, 900 and 1 810. B: 5 440, that is 1 800 and 3 620.
    assert [(one.serial, one.times, one.error) for one in found.named] == [
        ("B", 2, -900 - 1_820), ("A", 2, -10),
    ]  # fmt: skip


def test_whoever_answered_or_was_never_asked_is_not_silent(customer: Customer) -> None:
    device = a_meter_at(customer, "A")
    a_meter_at(a_customer(code="CL9"), "NOBODY")
    campaign = a_campaign()
    answers(Invitation.objects.get(), device, mono=11_000, now=OPENED)
    silent(campaign, NOBODY=10_900)
    read("NOBODY", 11_000)
    found = hindsight.look_back(campaign.pk)
    assert (found.campaigns, found.overall.silent, found.overall.mean_error) == ([], 0, None)


def test_what_is_withdrawn_says_nothing(customer: Customer) -> None:
    a_meter_at(customer, "A")
    campaign = silent(a_campaign(), A=10_900)
    wrong = read("A", 99_999)
    Withdrawal.objects.create(reading=wrong, withdrawn_at=OPENED)
    assert hindsight.look_back(campaign.pk).overall.compared == 0
    read("A", 11_810, on=date(2022, 7, 5))
    assert hindsight.look_back(campaign.pk).overall.overestimated == 0


def test_a_late_value_speaks_once_the_office_accepted_it(customer: Customer) -> None:
    device = a_meter_at(customer, "A")
    campaign = silent(a_campaign(), A=10_900)
    Campaign.objects.update(state="SIGNED", signed_at=OPENED, signed_by="Mme Roy")
    answers(Invitation.objects.get(), device, mono=10_950, taken_on=DUE_ON, now=OPENED)
    assert hindsight.look_back(campaign.pk).overall.compared == 0
    [waiting] = proposing.proposals()
    proposing.accept([waiting.line.reading_id], now=OPENED)
    found = hindsight.look_back(campaign.pk).overall
    assert (found.compared, found.mean_error, found.mean_percent) == (1, -50, -5.3)


def test_a_new_board_is_not_compared(customer: Customer) -> None:
    a_meter_at(customer, "A")
    campaign = silent(a_campaign(), A=10_900)
    meter = meter_of(Device.objects.get(serial="A"))
    a_reading(meter, JULY, 300, segment=2)
    assert hindsight.look_back(campaign.pk).overall.compared == 0


def test_nothing_printed_has_no_percent(customer: Customer) -> None:
    a_meter_at(customer, "A")
    campaign = silent(a_campaign(), A=10_900)
    read("A", 10_000)
    found = hindsight.look_back(campaign.pk).overall
    assert (found.mean_error, found.mean_percent) == (900, None)


def printed(*arguments: object) -> str:
    out = io.StringIO()
    call_command("silence", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_command_says_it_to_people_and_to_programs(customer: Customer) -> None:
    campaign = of_three(customer)
    answer: dict[str, Any] = json.loads(printed(campaign.pk, "--json"))
    assert answer["overall"]["underestimated"] == 145 and answer["silent_again"] == 0
    assert [one["campaign"] for one in answer["campaigns"]] == [campaign.pk]
    words = printed()
    assert "145" in words and "300" in words
    with pytest.raises(CommandError):
        printed(campaign.pk + 1)


def test_before_any_close_there_is_nothing_to_say(customer: Customer) -> None:
    assert "0" in printed()
