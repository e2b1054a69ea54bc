"""A device left before the day it was due: nothing is billed beyond, whatever ended its stay."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from releveur.campaigns import asking, closing, office, retiring, steps
from releveur.campaigns.models import Campaign, DueReading, Kind
from releveur.campaigns.noting import Said
from releveur.contracts.models import Coverage
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from releveur.rules.schedule import PARIS
from tests.factories import (
    OPENED,
    a_campaign,
    a_device,
    answers,
    the_mails_leave,
)
from tests.test_replacing import APRIL, signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, serial="3923656030", mono=39_684)


def test_a_device_that_left_before_is_not_estimated_beyond(device: Device) -> None:
    spring = a_campaign()
    answers(spring.invitations.get(), device, mono=41_000, now=OPENED)
    signed(spring)
    june = datetime(2022, 6, 20, 10, tzinfo=PARIS)
    summer = a_campaign(due_until=date(2022, 7, 5), now=june)
    the_mails_leave(now=june)
    retiring.retire(device, on=APRIL, values={}, said=Said(), now=june)

    closing.close_early(summer.pk, now=june)

    assert signed(summer) == []
    assert office.tasks(summer, now=june) == []


@pytest.mark.parametrize("values", [{}, {"Noir": 42_000}])
def test_an_estimate_beyond_the_day_it_left_is_made_again_for_that_day(
    device: Device, values: dict[str, int]
) -> None:
    spring = a_campaign()
    answers(spring.invitations.get(), device, mono=41_000, now=OPENED)
    signed(spring)
    june = datetime(2022, 6, 20, 10, tzinfo=PARIS)
    summer = a_campaign(due_until=date(2022, 7, 5), now=june)
    the_mails_leave(now=june)
    august = datetime(2022, 8, 2, 10, tzinfo=PARIS)
    Campaign.objects.filter(pk=summer.pk).update(state="CLOSING")
    closing.finish(summer.pk, now=august)
    assert summer.due_readings.get().estimate is not None

    retiring.retire(
        device, on=date(2022, 5, 10), values=values, said=Said(confirmed=True), now=august
    )

    [line] = signed(summer)
    assert (line["due_on"], line["new_on"]) == ("2022-05-10", "2022-05-10")
    assert values == {} or line["net"] == 1_000


def test_several_requests_nobody_answered_do_not_hinder_it(device: Device) -> None:
    a_campaign()
    july = datetime(2022, 7, 1, 10, tzinfo=PARIS)
    for day in (date(2022, 7, 4), date(2022, 7, 12)):
        campaign = asking.ask(device, why=Campaign.Why.MOVE, before=day, now=july).campaign
        Campaign.objects.filter(pk=campaign.pk, due_until=date(2022, 7, 4)).update(state="CLOSED")
    a_campaign(due_until=date(2022, 7, 5), now=july)

    retiring.retire(device, on=date(2022, 3, 30), values={}, said=Said(), now=july)

    periods = DueReading.objects.filter(kind=Kind.PERIODIC).order_by("pk")
    assert list(periods.values_list("due_on", flat=True)) == [date(2022, 3, 30), date(2022, 7, 5)]
    assert DueReading.objects.held().filter(campaign__due_until=date(2022, 7, 5)).count() == 0


def test_a_stay_that_an_import_ended_is_billed_to_its_end_and_the_meter_owes_one_row(
    device: Device,
) -> None:
    early = datetime(2022, 3, 20, 10, tzinfo=PARIS)
    spring = a_campaign(now=early)
    the_mails_leave(now=early)
    device.installations.update(until=date(2022, 3, 22))
    Coverage.objects.filter(device=device).update(until=date(2022, 3, 22))

    steps.take_due_steps(now=early + timedelta(days=3))
    steps.take_due_steps(now=early + timedelta(days=3))

    row = spring.due_readings.get()
    assert (row.due_on, row.final) == (date(2022, 3, 22), True)
    Campaign.objects.filter(pk=spring.pk).update(state="CLOSING")
    closing.finish(spring.pk, now=early + timedelta(days=60))
    assert [line["new_on"] for line in signed(spring)] == ["2022-03-22"]
