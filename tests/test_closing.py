from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from releveur.campaigns import closing, steps
from releveur.campaigns.models import Campaign, DueReading, Invitation, Notice
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from releveur.readings.models import Reading
from tests.factories import (
    DUE_ON,
    OPENED,
    READ_ON,
    a_campaign,
    a_contact,
    a_contract,
    a_customer,
    a_device,
    a_meter,
    a_reading,
    answers,
    meter_of,
    reading_of,
    the_mails_leave,
)

pytestmark = pytest.mark.django_db


WEEK = timedelta(days=7)


@pytest.fixture
def device(customer: Customer) -> Device:
    device = a_device(customer, mono=39_684)
    a_reading(meter_of(device), date(2021, 10, 7), 38_784)
    return device


def a_silent_quarter(*, until: datetime | None = None) -> Campaign:
    """Opened, reminded three times, each mail delivered at once, and not one answer."""
    campaign = a_campaign()
    for week in (0, 1, 2, 3):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)
    campaign.refresh_from_db()
    steps.take_due_steps(now=until or campaign.closes_at + timedelta(minutes=10))
    campaign.refresh_from_db()
    return campaign


def test_three_reminders_then_an_estimated_reading(device: Device) -> None:
    campaign = a_silent_quarter()

    assert campaign.state == Campaign.State.CLOSED
    estimated = reading_of(meter_of(device))
    assert (estimated.value, estimated.quality, estimated.source) == (40_584, "ESTIMATED", "SYSTEM")
    assert estimated.taken_on == DUE_ON
    assert estimated.explanation is not None
    assert "900" in estimated.explanation["words"]["fr"]


def test_the_silent_are_told_what_was_retained(device: Device) -> None:
    a_silent_quarter()
    assert Notice.objects.filter(what="CLOSED").count() == 1


def test_the_close_comes_ten_minutes_after_the_deadline(device: Device) -> None:
    closes_at = datetime.fromisoformat("2022-04-28T18:00:00+02:00")

    campaign = a_silent_quarter(until=closes_at + timedelta(minutes=9))
    assert campaign.state == Campaign.State.OPEN

    steps.take_due_steps(now=closes_at + timedelta(minutes=10))
    assert Campaign.objects.get().state == Campaign.State.CLOSED


def test_nothing_closes_before_a_third_reminder_left_or_gave_up(device: Device) -> None:
    campaign = a_campaign()
    the_mails_leave(now=OPENED)
    for week in (1, 2):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)
    third = OPENED + 3 * WEEK
    steps.take_due_steps(now=third)

    steps.take_due_steps(now=third + timedelta(hours=23))
    assert Campaign.objects.get().state == Campaign.State.OPEN

    campaign.refresh_from_db()
    steps.take_due_steps(now=campaign.closes_at + timedelta(minutes=10))
    assert Campaign.objects.get().state == Campaign.State.CLOSED, (
        "24 hours owed: the office is told"
    )


def test_an_estimate_never_stands_beside_a_real_reading(device: Device) -> None:
    campaign = a_campaign()
    answers(Invitation.objects.get(), device, mono=41_200, now=OPENED)

    steps.take_due_steps(now=campaign.closes_at + timedelta(minutes=10))

    assert Campaign.objects.get().state == Campaign.State.CLOSED
    assert not Reading.objects.filter(source="SYSTEM").exists()
    assert not Notice.objects.filter(what="CLOSED").exists()


def test_the_missing_meter_of_half_a_row_is_estimated_on_the_day_of_the_other(
    device: Device,
) -> None:
    a_meter(device, "color", monthly_volume=100)
    campaign = a_campaign()
    read_on = DUE_ON + timedelta(days=3)
    answers(
        Invitation.objects.get(),
        device,
        mono=41_200,
        taken_on=read_on,
        now=OPENED + timedelta(days=4),
    )
    Campaign.objects.update(state="CLOSING")

    closing.finish(campaign.pk, now=OPENED + 4 * WEEK)

    assert Reading.objects.get(source="SYSTEM").taken_on == read_on


def test_a_contract_that_forbids_estimates_leaves_the_row_empty() -> None:
    a_contact(customer := a_customer())
    a_device(customer, contract=a_contract(customer, estimation_allowed=False), mono=1)

    a_silent_quarter()

    assert DueReading.objects.get().reading is None


def test_what_nobody_was_asked_is_not_estimated_by_the_close() -> None:
    a_device(a_customer(), mono=1)
    campaign = a_campaign()
    steps.take_due_steps(now=campaign.closes_at + timedelta(minutes=10))
    assert Campaign.objects.get().state == Campaign.State.CLOSED
    assert DueReading.objects.get().reading is None


def test_an_interrupted_close_goes_on_and_estimates_once(device: Device) -> None:
    campaign = a_campaign()
    Campaign.objects.update(state="CLOSING")  # the process died here

    for _try in range(3):
        steps.take_due_steps(now=OPENED + 4 * WEEK)

    assert Reading.objects.filter(source="SYSTEM").count() == 1
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.CLOSED


def test_the_office_closes_early_only_when_nobody_is_silent(device: Device) -> None:
    campaign = a_campaign()
    with pytest.raises(closing.SomebodyIsSilent):
        closing.close_early(campaign.pk, now=OPENED)

    answers(Invitation.objects.get(), device, mono=41_200, now=OPENED)
    closing.close_early(campaign.pk, now=OPENED)

    assert Campaign.objects.get().state == Campaign.State.CLOSED
    with pytest.raises(closing.NotOpen):
        closing.close_early(campaign.pk, now=OPENED)


def test_until_the_signature_a_real_value_replaces_the_estimate(device: Device) -> None:
    campaign = a_silent_quarter()

    answers(
        Invitation.objects.get(), device, mono=41_200, now=campaign.closes_at + timedelta(days=1)
    )

    assert reading_of(meter_of(device)).value == 41_200
    assert Reading.objects.filter(source="SYSTEM").count() == 1, "the estimate stays as a row"


def test_a_meter_without_any_past_is_estimated_like_its_model() -> None:
    a_contact(customer := a_customer())
    for number in range(5):
        device = a_device(customer, mono=1_000 * number, read_on=date(2021, 10, 5))
        a_reading(meter_of(device), READ_ON, 1_000 * number + 920)
    new = a_device(customer, mono=0)

    a_silent_quarter()

    estimated = Reading.objects.get(explanation__method="MODEL")
    assert (estimated.meter.device, estimated.value) == (new, 900)


def test_a_request_that_could_not_leave_in_time_does_not_leave_after_the_close(
    device: Device,
) -> None:
    campaign = a_campaign()
    for week in (0, 1, 2):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)
    steps.take_due_steps(now=OPENED + 3 * WEEK)

    steps.take_due_steps(now=campaign.closes_at + timedelta(minutes=10))

    assert Campaign.objects.get().state == Campaign.State.CLOSED
    assert Notice.objects.get(what="REMINDED_3").withheld_at is not None


def test_whom_no_mail_ever_reached_is_not_estimated_by_the_close(device: Device) -> None:
    campaign = a_campaign()
    for week in (1, 2, 3):
        steps.take_due_steps(now=OPENED + week * WEEK)
    steps.take_due_steps(now=campaign.closes_at + timedelta(minutes=10))

    assert Campaign.objects.get().state == Campaign.State.CLOSED
    assert DueReading.objects.get().reading is None


def test_a_campaign_that_fails_does_not_hold_up_the_others() -> None:
    a_contact(customer := a_customer())
    beyond_any_counter = 2**63 - 10
    a_device(customer, mono=beyond_any_counter, volumes={"mono": 500})
    a_campaign()
    a_device(customer, mono=100, volumes={"mono": 500})
    other = a_campaign(due_until=DUE_ON + timedelta(days=1))
    Campaign.objects.update(state="CLOSING")

    with pytest.raises(ExceptionGroup):
        steps.take_due_steps(now=OPENED + 4 * WEEK)

    other.refresh_from_db()
    assert other.state == Campaign.State.CLOSED
