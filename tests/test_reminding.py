from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from releveur.campaigns import mailing, reminding, steps
from releveur.campaigns.models import Campaign, Invitation, Notice
from releveur.customers.models import Contact
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from releveur.rules.schedule import PARIS
from tests.factories import (
    OPENED,
    answers,
    the_mails_leave,
)

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def whats() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("what", flat=True))


def test_three_reminders_a_week_apart(campaign: Campaign) -> None:
    the_mails_leave(now=OPENED)
    for week in (1, 2, 3):
        assert steps.take_due_steps(now=OPENED + week * WEEK - timedelta(minutes=1)).reminders == 0
        assert steps.take_due_steps(now=OPENED + week * WEEK).reminders == 1
        assert steps.take_due_steps(now=OPENED + week * WEEK).reminders == 0, "once is enough"
        the_mails_leave(now=OPENED + week * WEEK)

    assert whats() == ["INVITED", "REMINDED_1", "REMINDED_2", "REMINDED_3"]


def test_whoever_answered_everything_is_left_in_peace(device: Device, campaign: Campaign) -> None:
    answers(Invitation.objects.get(), device, mono=41_200, color=92_910, now=OPENED)
    assert steps.take_due_steps(now=OPENED + WEEK).reminders == 0


def test_whoever_answered_half_is_reminded(device: Device, campaign: Campaign) -> None:
    the_mails_leave(now=OPENED)
    answers(Invitation.objects.get(), device, mono=41_200, now=OPENED)
    assert steps.take_due_steps(now=OPENED + WEEK).reminders == 1


def test_nobody_is_reminded_of_a_mail_that_has_not_left(campaign: Campaign) -> None:
    assert steps.take_due_steps(now=OPENED + 2 * WEEK).reminders == 0
    the_mails_leave(now=OPENED + 2 * WEEK)
    assert steps.take_due_steps(now=OPENED + 2 * WEEK + timedelta(hours=71)).reminders == 0
    assert steps.take_due_steps(now=OPENED + 2 * WEEK + timedelta(hours=72)).reminders == 1


def test_after_an_outage_only_the_last_due_reminder_leaves(campaign: Campaign) -> None:
    the_mails_leave(now=OPENED)

    assert steps.take_due_steps(now=OPENED + timedelta(days=15)).reminders == 1

    assert whats() == ["INVITED", "REMINDED_2"]


def test_two_mails_to_one_person_are_three_days_apart(campaign: Campaign) -> None:
    the_mails_leave(now=OPENED)
    steps.take_due_steps(now=OPENED + timedelta(days=20))
    the_mails_leave(now=OPENED + timedelta(days=20))

    assert steps.take_due_steps(now=OPENED + 3 * WEEK).reminders == 0
    assert steps.take_due_steps(now=OPENED + timedelta(days=23)).reminders == 1


def test_a_third_reminder_owed_late_states_a_later_deadline(campaign: Campaign) -> None:
    the_mails_leave(now=OPENED)
    promised = Invitation.objects.get().asks_until

    steps.take_due_steps(now=OPENED + 4 * WEEK)

    invitation = Invitation.objects.get()
    assert invitation.asks_until > promised
    assert invitation.asks_until >= OPENED + 4 * WEEK + timedelta(hours=48)
    assert Notice.objects.get(what="REMINDED_3").states == invitation.asks_until
    campaign.refresh_from_db()
    assert campaign.closes_at == invitation.asks_until


def test_a_third_reminder_that_left_late_moves_the_deadline_and_a_mail_says_so(
    campaign: Campaign,
) -> None:
    for week in (0, 1, 2):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)
    steps.take_due_steps(now=OPENED + 3 * WEEK)
    left = OPENED + 3 * WEEK + timedelta(hours=30)
    the_mails_leave(now=left)

    assert steps.take_due_steps(now=left).moved == 1

    moved = Notice.objects.get(what="MOVED")
    assert moved.states == datetime(2022, 4, 29, 18, tzinfo=PARIS)
    assert steps.take_due_steps(now=left).moved == 0, "it is said once"


def test_a_deadline_never_moves_earlier(campaign: Campaign) -> None:
    later = OPENED + 6 * WEEK
    Invitation.objects.update(asks_until=later)
    the_mails_leave(now=OPENED)
    steps.take_due_steps(now=OPENED + 3 * WEEK)
    the_mails_leave(now=OPENED + 3 * WEEK)
    steps.take_due_steps(now=OPENED + 3 * WEEK)
    assert Invitation.objects.get().asks_until == later


def test_the_next_thing_that_happens_is_known(device: Device, campaign: Campaign) -> None:
    assert steps.next_at(now=OPENED) == OPENED + WEEK
    answers(Invitation.objects.get(), device, mono=41_200, color=92_910, now=OPENED)
    closes = Campaign.objects.get().closes_at
    assert steps.next_at(now=OPENED) == closes + timedelta(minutes=10)


def test_a_closed_campaign_reminds_nobody(campaign: Campaign) -> None:
    Campaign.objects.update(state="CLOSED")
    assert reminding.owe(campaign.pk, now=OPENED + WEEK) == 0


def quiet_until(day: date) -> None:
    Contact.objects.update(quiet_until=day)


def test_who_is_away_gets_the_invitation_and_then_only_the_latest_reminder_due(
    campaign: Campaign,
) -> None:
    quiet_until(date(2022, 4, 20))
    assert mailing.write_due(now=OPENED) == 1
    Mail.objects.update(state="SENT", sent_at=OPENED)
    for day in (12, 19):
        assert steps.take_due_steps(now=april(day, 10)).reminders == 0
    assert steps.next_at(now=april(19, 10)) == april(20, 9)
    assert steps.take_due_steps(now=april(20, 9)).reminders == 1
    assert whats() == ["INVITED", "REMINDED_2"]


def test_who_comes_back_on_the_last_day_is_closed_48_hours_after_her_reminder(
    campaign: Campaign,
) -> None:
    the_mails_leave(now=OPENED)
    quiet_until(date(2022, 4, 28))
    assert steps.take_due_steps(now=april(26, 10)).reminders == 0
    assert steps.take_due_steps(now=april(28, 9)).reminders == 1
    assert Invitation.objects.get().asks_until == datetime(2022, 5, 2, 18, tzinfo=PARIS)
    the_mails_leave(now=april(28, 9))
    assert steps.take_due_steps(now=april(28, 19)).closed == 0


def test_nobody_waits_for_who_is_away_beyond_the_deadline(campaign: Campaign) -> None:
    the_mails_leave(now=OPENED)
    quiet_until(date(2022, 4, 29))
    assert steps.take_due_steps(now=april(26, 10)).reminders == 0
    assert steps.take_due_steps(now=april(28, 18)).closed == 0
    assert steps.take_due_steps(now=april(28, 18) + timedelta(minutes=10)).closed == 1
    assert whats()[0] == "INVITED" and "REMINDED_3" not in whats()


def april(day: int, hour: int) -> datetime:
    return datetime(2022, 4, day, hour, tzinfo=PARIS)
