"""A colleague who was handed a device: her plan, her reminders, and what she never holds up."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from releveur.campaigns import closing, mailing, opening, reminding, steps
from releveur.campaigns.models import Campaign, DueReading, Invitation, Notice, Receipt
from releveur.customers.models import Contact
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from releveur.rules.schedule import PARIS
from tests.factories import (
    DUE_ON,
    OPENED,
    a_contact,
    a_customer,
    a_device,
    answers,
    the_invitation,
    the_mails_leave,
)
from tests.test_handing_over import (
    DAY,
    KARIM,
    WEEK,
    campaign,
    hands,
    other,
    sender,
    waits,
)

__all__ = ["campaign", "other", "sender"]

pytestmark = pytest.mark.django_db


def test_a_colleague_goes_on_with_the_senders_plan_and_what_lies_before_is_not_made_up_for(
    sender: Invitation, device: Device
) -> None:
    the_mails_leave(now=OPENED)
    late = OPENED + WEEK + DAY
    receiver = hands(sender, device, now=late).receiver
    the_mails_leave(now=late)

    assert receiver.asks_until == sender.asks_until
    steps.take_due_steps(now=late + 4 * DAY)
    assert waits(receiver) == ["HANDED"], "the first reminder lay before her"
    steps.take_due_steps(now=OPENED + 2 * WEEK)
    assert waits(receiver) == ["HANDED", "REMINDED_2"]


def test_a_colleague_rests_three_days_after_the_mail_that_asked_her(
    sender: Invitation, device: Device
) -> None:
    the_mails_leave(now=OPENED)
    late = OPENED + WEEK - DAY
    receiver = hands(sender, device, now=late).receiver
    the_mails_leave(now=late)

    steps.take_due_steps(now=OPENED + WEEK)
    assert waits(receiver) == ["HANDED"]
    assert waits(sender) == ["INVITED", "REMINDED_1"]
    steps.take_due_steps(now=OPENED + WEEK + 2 * DAY)
    assert waits(receiver) == ["HANDED", "REMINDED_1"]


def test_whoever_answers_first_answers_for_both(sender: Invitation, device: Device) -> None:
    receiver = hands(sender, device).receiver
    the_mails_leave(now=OPENED)
    answers(sender, Device.objects.get(serial="3900000001"), mono=41_200, color=92_910, now=OPENED)
    steps.take_due_steps(now=OPENED + WEEK)
    assert waits(sender)[-1] == "REMINDED_1" and waits(receiver)[-1] == "REMINDED_1"

    answers(receiver, device, mono=41_200, color=92_910, now=OPENED + WEEK)

    assert waits(sender) == ["INVITED"], "the reminder had not left, and is taken back"
    assert waits(receiver) == ["HANDED"]
    assert steps.take_due_steps(now=OPENED + 2 * WEEK).reminders == 0
    assert Receipt.objects.get(invitation=receiver).by_contact == receiver.contact


def handed_late(sender: Invitation, device: Device, *, at: datetime) -> Invitation:
    """Two reminders have gone to the sender, and the third goes right after."""
    for week in (0, 1, 2):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)
    receiver = hands(sender, device, now=at).receiver
    the_mails_leave(now=at)
    steps.take_due_steps(now=OPENED + 3 * WEEK)
    the_mails_leave(now=OPENED + 3 * WEEK)
    return receiver


def test_a_colleague_holds_up_no_close_and_moves_no_deadline(
    sender: Invitation, device: Device, campaign: Campaign
) -> None:
    late = OPENED + 3 * WEEK - timedelta(hours=1)
    receiver = handed_late(sender, device, at=late)

    steps.take_due_steps(now=late + timedelta(hours=54))
    assert waits(receiver) == ["HANDED"], "her third reminder would still have to wait"
    campaign.refresh_from_db()
    assert campaign.closes_at == sender.asks_until == datetime(2022, 4, 28, 18, tzinfo=PARIS)
    assert closing.begin(campaign.pk, now=campaign.closes_at + timedelta(minutes=10))


def test_a_third_reminder_owed_to_a_colleague_late_moves_no_deadline(
    sender: Invitation, device: Device, campaign: Campaign
) -> None:
    handed = OPENED + 3 * WEEK - timedelta(hours=22)
    receiver = handed_late(sender, device, at=handed)

    steps.take_due_steps(now=handed + timedelta(hours=72))

    assert waits(receiver) == ["HANDED", "REMINDED_3"]
    campaign.refresh_from_db()
    receiver.refresh_from_db()
    assert campaign.closes_at == receiver.asks_until == datetime(2022, 4, 28, 18, tzinfo=PARIS)


def test_a_third_reminder_to_a_colleague_that_leaves_late_moves_nothing(
    sender: Invitation, device: Device, campaign: Campaign
) -> None:
    receiver = hands(sender, device).receiver
    for week in (0, 1, 2):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)
    steps.take_due_steps(now=OPENED + 3 * WEEK)
    Notice.objects.filter(invitation=sender, what="REMINDED_3").update(
        withheld_at=OPENED + 3 * WEEK
    )
    left = OPENED + 3 * WEEK + timedelta(hours=30)
    the_mails_leave(now=left)

    assert waits(receiver)[-1] == "REMINDED_3"
    assert reminding.move_deadlines(campaign.pk, now=left) == 0
    campaign.refresh_from_db()
    assert campaign.closes_at == datetime(2022, 4, 28, 18, tzinfo=PARIS)


def test_a_colleague_who_was_asked_herself_and_answered_holds_nothing_up_by_what_she_was_handed(
    sender: Invitation, device: Device, campaign: Campaign
) -> None:
    a_contact(second := a_customer(code="CL001008", name="Gramont Immobilier"), email=KARIM.email)
    own = a_device(second, serial="OWN")
    opening.open_campaign(DUE_ON, now=OPENED)
    karim = the_invitation(campaign, Contact.objects.get(email=KARIM.email))
    answers(karim, own, mono=41_200, color=92_910, now=OPENED)
    for week in (0, 1, 2, 3):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)
    hands(sender, device, now=OPENED + 3 * WEEK)
    the_mails_leave(now=OPENED + 3 * WEEK)

    closes = datetime(2022, 4, 28, 18, tzinfo=PARIS)
    assert steps.take_due_steps(now=closes + timedelta(minutes=10)).closed == 1


def test_a_colleague_is_not_reminded_after_her_deadline(
    sender: Invitation, device: Device, campaign: Campaign
) -> None:
    a_contact(late := a_customer(code="CL002000", name="Port Royal"), email="z@port-royal.example")
    the_mails_leave(now=OPENED)
    a_device(late)
    opening.open_campaign(DUE_ON, now=OPENED + WEEK)
    handed = OPENED + 3 * WEEK - timedelta(hours=1)
    receiver = hands(sender, device, now=handed).receiver
    the_mails_leave(now=handed)

    for hours in (1, 54, 74):
        steps.take_due_steps(now=handed + timedelta(hours=hours))
        the_mails_leave(now=handed + timedelta(hours=hours))

    assert waits(receiver) == ["HANDED"], "it would name a day that is over"
    sender.refresh_from_db()
    receiver.refresh_from_db()
    assert receiver.asks_until == sender.asks_until == datetime(2022, 4, 28, 18, tzinfo=PARIS)


def test_a_colleague_follows_the_deadline_of_the_sender(
    sender: Invitation, device: Device, campaign: Campaign
) -> None:
    receiver = hands(sender, device).receiver
    the_mails_leave(now=OPENED)
    steps.take_due_steps(now=OPENED + 4 * WEEK)

    sender.refresh_from_db()
    receiver.refresh_from_db()
    campaign.refresh_from_db()
    assert receiver.asks_until == sender.asks_until == campaign.closes_at
    assert sender.asks_until > datetime(2022, 4, 28, 18, tzinfo=PARIS)


def test_a_device_that_nobody_but_the_colleague_was_reached_for_counts_as_asked(
    sender: Invitation, device: Device, campaign: Campaign
) -> None:
    hands(sender, device)
    the_mails_leave(now=OPENED)
    Mail.objects.filter(notice__invitation=sender).update(state="FAILED", sent_at=None)
    reached = DueReading.objects.filter(closing.reached())
    assert set(reached.values_list("meter__device__serial", flat=True)) == {"3923656030"}


def late_third_reminder(campaign: Campaign) -> datetime:
    """Two reminders leave in time, the third one thirty hours late."""
    for week in (0, 1, 2):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)
    steps.take_due_steps(now=OPENED + 3 * WEEK)
    left = OPENED + 3 * WEEK + timedelta(hours=30)
    the_mails_leave(now=left)
    assert reminding.move_deadlines(campaign.pk, now=left) == 1
    return left


def test_a_colleague_learns_by_mail_that_the_deadline_she_was_told_has_moved(
    sender: Invitation, device: Device, campaign: Campaign
) -> None:
    receiver = hands(sender, device).receiver
    left = late_third_reminder(campaign)

    hers, theirs = Notice.objects.filter(what="MOVED").order_by("invitation_id")
    assert (hers.invitation, theirs.invitation) == (sender, receiver)
    assert hers.states == theirs.states == datetime(2022, 4, 29, 18, tzinfo=PARIS)

    mailing.write_due(now=left)
    told = {mail.notice.invitation_id: mail.text for mail in Mail.objects.filter(kind="moved")}
    assert "Notre dernier rappel" in told[sender.pk]
    assert "Notre dernier rappel" not in told[receiver.pk]
    assert "vendredi 29 avril 2022" in told[receiver.pk]
    reminding.move_deadlines(campaign.pk, now=left)
    assert Notice.objects.filter(what="MOVED").count() == 2, "it is said once"


def test_a_colleague_who_has_answered_or_wants_no_mails_is_told_of_no_other_deadline(
    sender: Invitation, device: Device, other: Device, campaign: Campaign
) -> None:
    receiver = hands(sender, device).receiver
    answers(receiver, device, mono=41_200, color=92_910, now=OPENED)
    late_third_reminder(campaign)
    assert Notice.objects.get(what="MOVED").invitation == sender


def test_a_mail_not_written_yet_names_the_deadline_that_moved_meanwhile(
    sender: Invitation, device: Device, campaign: Campaign
) -> None:
    for week in (0, 1, 2):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)
    steps.take_due_steps(now=OPENED + 3 * WEEK)
    left = OPENED + 3 * WEEK + timedelta(hours=30)
    the_mails_leave(now=left)
    receiver = hands(sender, device, now=left).receiver

    reminding.move_deadlines(campaign.pk, now=left)

    [handed] = Notice.objects.filter(invitation=receiver)
    assert (handed.what, handed.states) == ("HANDED", datetime(2022, 4, 29, 18, tzinfo=PARIS))


def test_a_colleague_reminded_at_that_moment_reads_the_new_deadline_in_her_reminder(
    sender: Invitation, device: Device, campaign: Campaign
) -> None:
    receiver = hands(sender, device).receiver
    for week in (0, 1, 2):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)

    late = OPENED + 3 * WEEK + timedelta(hours=30)
    steps.take_due_steps(now=late)

    sender.refresh_from_db()
    assert sender.asks_until == datetime(2022, 4, 29, 18, tzinfo=PARIS)
    third = Notice.objects.get(invitation=receiver, what="REMINDED_3")
    assert third.states == sender.asks_until
    assert not Notice.objects.filter(what="MOVED").exists()
