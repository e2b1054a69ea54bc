from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from releveur.campaigns import closing, mailing, pausing, steps
from releveur.campaigns.models import Campaign, Invitation, Notice
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from releveur.rules.schedule import PARIS
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    answers,
    the_mails_leave,
)

pytestmark = pytest.mark.django_db

DAY, WEEK = timedelta(days=1), timedelta(days=7)
PAUSED = datetime(2022, 4, 8, 9, tzinfo=PARIS)


@pytest.fixture
def device() -> Device:
    a_dealer()
    a_contact(customer := a_customer())
    return a_device(customer)


@pytest.fixture
def campaign(device: Device) -> Campaign:
    return a_campaign()


def waiting() -> list[str]:
    found = Notice.objects.filter(mail=None, withheld_at=None).order_by("pk")
    return list(found.values_list("what", flat=True))


def test_nothing_leaves_and_nothing_closes_while_it_is_paused(campaign: Campaign) -> None:
    the_mails_leave(now=OPENED)
    pausing.pause(campaign.pk, now=PAUSED)
    taken = steps.take_due_steps(now=OPENED + 9 * WEEK)
    assert (taken.reminders, taken.moved, taken.closed) == (0, 0, 0)
    assert steps.next_at(now=PAUSED) is None
    with pytest.raises(closing.StandsStill):
        closing.close_early(campaign.pk, now=PAUSED)


def test_a_mail_written_but_not_gone_is_taken_back_and_written_anew(campaign: Campaign) -> None:
    mailing.write_due(now=OPENED)
    first = Mail.objects.get()
    assert pausing.pause(campaign.pk, now=OPENED) == 1
    assert mailing.write_due(now=OPENED) == 0
    first.refresh_from_db()
    assert first.state == Mail.State.WITHHELD

    assert pausing.resume(campaign.pk, now=OPENED + 3 * DAY) == 0, "she was told no day yet"
    assert waiting() == ["INVITED"]
    assert mailing.write_due(now=OPENED + 3 * DAY) == 1
    again = Notice.objects.get()
    assert again.states == Invitation.objects.get().asks_until
    assert again.mail != first


def test_dates_still_to_come_move_by_the_pause_and_the_silent_are_told(
    device: Device, campaign: Campaign
) -> None:
    the_mails_leave(now=OPENED)
    pausing.pause(campaign.pk, now=PAUSED)
    assert pausing.resume(campaign.pk, now=PAUSED + 2 * WEEK) == 1

    invitation, campaign = Invitation.objects.get(), Campaign.objects.get()
    days = [
        invitation.reminder_1_at,
        invitation.reminder_2_at,
        invitation.reminder_3_at,
        invitation.asks_until,
    ]
    said = [f"{at.astimezone(PARIS):%d/%m %H:%M}" for at in days]
    assert said == ["26/04 10:00", "03/05 10:00", "10/05 10:00", "12/05 18:00"]
    assert (campaign.paused_at, campaign.closes_at) == (None, invitation.asks_until)
    assert waiting() == ["MOVED"]
    assert steps.take_due_steps(now=invitation.reminder_1_at).reminders == 1


def test_whoever_answered_meanwhile_is_told_nothing(device: Device, campaign: Campaign) -> None:
    the_mails_leave(now=OPENED)
    pausing.pause(campaign.pk, now=PAUSED)
    answers(Invitation.objects.get(), device, mono=41_200, color=92_910, now=PAUSED)
    assert pausing.resume(campaign.pk, now=PAUSED + WEEK) == 0


def test_what_was_answered_before_it_goes_on_is_asked_no_more(
    device: Device, campaign: Campaign
) -> None:
    mailing.write_due(now=OPENED)
    pausing.pause(campaign.pk, now=OPENED)
    answers(Invitation.objects.get(), device, mono=41_200, color=92_910, now=PAUSED)
    pausing.resume(campaign.pk, now=PAUSED)
    mailing.write_due(now=PAUSED)
    assert not Mail.objects.filter(kind="invitation", state=Mail.State.OWED).exists()


def test_a_reminder_that_left_before_the_pause_stays_where_it_was(campaign: Campaign) -> None:
    the_mails_leave(now=OPENED)
    steps.take_due_steps(now=OPENED + WEEK)
    the_mails_leave(now=OPENED + WEEK)
    before = Invitation.objects.get()
    pausing.pause(campaign.pk, now=OPENED + WEEK + DAY)
    pausing.resume(campaign.pk, now=OPENED + WEEK + 3 * DAY)
    after = Invitation.objects.get()
    assert after.reminder_1_at == before.reminder_1_at
    assert after.reminder_2_at > before.reminder_2_at


def test_a_pause_of_a_few_hours_moves_no_day(campaign: Campaign) -> None:
    the_mails_leave(now=OPENED)
    before = Invitation.objects.get().asks_until
    pausing.pause(campaign.pk, now=PAUSED)
    assert pausing.resume(campaign.pk, now=PAUSED + timedelta(hours=3)) == 0
    assert Invitation.objects.get().asks_until == before


def test_it_is_paused_once_and_only_while_it_asks(campaign: Campaign) -> None:
    with pytest.raises(pausing.NotPaused):
        pausing.resume(campaign.pk, now=PAUSED)
    pausing.pause(campaign.pk, now=PAUSED)
    with pytest.raises(pausing.PausedAlready):
        pausing.pause(campaign.pk, now=PAUSED + DAY)
    pausing.resume(campaign.pk, now=PAUSED + DAY)
    Campaign.objects.update(state=Campaign.State.CLOSED)
    with pytest.raises(pausing.NotOpen):
        pausing.pause(campaign.pk, now=PAUSED + DAY)
