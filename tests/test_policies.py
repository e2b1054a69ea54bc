"""What the dealer's policies make a task: who is estimated again and again, unread for a year, charged late."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from releveur.campaigns import office
from releveur.campaigns.models import Campaign, Invitation
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device, Installation
from releveur.readings.models import Quality, Reading
from releveur.rules.schedule import PARIS
from tests.factories import (
    DUE_ON,
    OPENED,
    READ_ON,
    a_billed_estimate,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_proof,
    a_reading,
    answers,
    meter_of,
)

pytestmark = pytest.mark.django_db

JULY, OCTOBER, JANUARY = date(2022, 7, 5), date(2022, 10, 5), date(2023, 1, 5)


@pytest.fixture
def device() -> Device:
    a_dealer()
    a_contact(customer := a_customer())
    return a_device(customer, serial="3923656030", mono=39_684)


def opened(on: date) -> Campaign:
    return a_campaign(due_until=on, now=at(on))


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 10, tzinfo=PARIS)


def closed(campaign: Campaign) -> Campaign:
    Campaign.objects.filter(pk=campaign.pk).update(state="CLOSED")
    return Campaign.objects.get(pk=campaign.pk)


def estimated(campaign: Campaign, value: int) -> Campaign:
    """What a close does with who stayed silent."""
    for row in campaign.due_readings.filter(reading=None):
        row.reading = Reading.objects.create(
            meter=row.meter, taken_on=row.due_on, value=value, recorded_at=at(row.due_on),
            quality=Quality.ESTIMATED, source=Reading.Source.SYSTEM,
            explanation={"method": "MEAN"},
        )  # fmt: skip
        row.save()
    return closed(campaign)


def tasks(campaign: Campaign, *what: office.What) -> list[dict[str, str]]:
    return [one for one in office.tasks(campaign, now=OPENED) if one["what"] in what]


def often(campaign: Campaign) -> bool:
    return bool(tasks(campaign, office.What.ESTIMATED_TOO_OFTEN))


def billed_on_estimates(device: Device, *days: date) -> None:
    for number, day in enumerate(days, 1):
        a_billed_estimate(meter_of(device), day, 39_684 + number * 1_500)


def test_two_estimates_in_a_row_are_no_task_the_third_is(device: Device) -> None:
    billed_on_estimates(device, DUE_ON)
    summer = opened(JULY)
    assert not often(summer)
    assert not often(estimated(summer, 42_684)), "the second one"

    a_billed_estimate(meter_of(device), JULY, 42_684)
    autumn = opened(OCTOBER)
    [task] = tasks(autumn, office.What.ESTIMATED_TOO_OFTEN)
    assert (task["code"], task["serial"]) == ("CL001007", "3923656030")
    assert "2" in task["words"], "called before a third one is made"
    assert often(estimated(autumn, 44_184)), "it was made"


def test_a_reading_ends_the_row_of_estimates(device: Device) -> None:
    billed_on_estimates(device, DUE_ON, JULY)
    a_reading(meter_of(device), date(2022, 7, 20), 43_000, source=Reading.Source.TECHNICIAN)
    assert not often(opened(OCTOBER))


def test_whoever_answers_is_no_task_any_more(device: Device) -> None:
    billed_on_estimates(device, DUE_ON, JULY)
    autumn = opened(OCTOBER)
    answers(Invitation.objects.get(), device, mono=43_500, now=at(OCTOBER), proof=a_proof())
    assert not often(autumn)


@pytest.mark.parametrize(
    ("allowed", "before", "is_task"), [(0, 0, True), (1, 1, True), (3, 2, False)]
)
def test_the_dealer_says_how_many(device: Device, allowed: int, before: int, is_task: bool) -> None:
    Dealer.objects.update(estimates_in_a_row=allowed)
    billed_on_estimates(device, *[DUE_ON, JULY][:before])
    assert often(opened(OCTOBER)) is is_task


def unread(campaign: Campaign) -> bool:
    return bool(tasks(campaign, office.What.UNREAD_TOO_LONG))


def test_a_meter_that_nobody_read_for_a_year_is_a_task_after_the_close(device: Device) -> None:
    winter = opened(JANUARY)
    assert (JANUARY - READ_ON).days == 365
    assert not unread(winter), "whoever is asked may still answer"
    assert unread(estimated(winter, 45_000))
    Dealer.objects.update(read_every_days=366)
    assert not unread(winter)


def test_a_device_that_came_within_the_year_is_not_due_for_it(device: Device) -> None:
    Installation.objects.update(since=date(2022, 6, 1))
    assert not unread(estimated(opened(JANUARY), 45_000))


def test_a_visit_within_the_year_counts_as_the_reading_of_the_year(device: Device) -> None:
    a_reading(meter_of(device), READ_ON + timedelta(1), 39_700, source=Reading.Source.TECHNICIAN)
    assert not unread(estimated(opened(JANUARY), 45_000))


def late(campaign: Campaign) -> list[str]:
    return [one["words"] for one in tasks(campaign, office.What.CHARGED_TOO_LATE)]


def test_an_old_catch_up_is_a_task_until_the_signature(device: Device) -> None:
    """16 412 impressions in 547 days: 2 700 of them in the first 90, when 116 were billed."""
    for day, value in ((DUE_ON, 39_800), (OCTOBER, 42_000), (date(2023, 4, 5), 45_000)):
        a_billed_estimate(meter_of(device), day, value)
    july = date(2023, 7, 5)
    campaign = opened(july)
    assert late(campaign) == []
    answers(Invitation.objects.get(), device, mono=56_096, now=at(july), proof=a_proof())
    [words] = late(campaign)
    # 16 412 x 90 / 546 = 2 705,3: of the first period, 2 705 - 116 are charged now.
    assert words.startswith(("2\u202f589", "2,589"))
    Dealer.objects.update(look_back_months=16)
    assert late(campaign) == []


def test_what_goes_back_to_the_customer_is_given_back_however_old(device: Device) -> None:
    for day, value in ((DUE_ON, 49_800), (OCTOBER, 52_000), (date(2023, 4, 5), 55_000)):
        a_billed_estimate(meter_of(device), day, value)
    july = date(2023, 7, 5)
    campaign = opened(july)
    answers(Invitation.objects.get(), device, mono=41_000, now=at(july), proof=a_proof())
    assert late(campaign) == []


def test_the_policies_take_the_same_queries_for_one_device_as_for_many(
    device: Device, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    customer = a_customer()
    for one in (device, *(a_device(customer, mono=39_684) for _more in range(8))):
        billed_on_estimates(one, DUE_ON, JULY)
    campaign = closed(opened(OCTOBER))
    with django_assert_max_num_queries(30):
        assert len(tasks(campaign, office.What.ESTIMATED_TOO_OFTEN)) == 9
