"""A receipt is undone until the deadline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from releveur.campaigns import filling, steps, undoing
from releveur.campaigns.models import Campaign, DueReading, Invitation, Receipt
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from releveur.readings.models import Finding, Reading, Withdrawal
from tests.factories import (
    OPENED,
    a_device,
    a_proof,
    answers,
    meter_of,
    reading_of,
    the_mails_leave,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, mono=39_684)


@pytest.fixture
def invitation(invitation: Invitation) -> Invitation:
    the_mails_leave(now=OPENED)
    return invitation


def undo(receipt: Receipt, invitation: Invitation, *, hours: int = 1) -> int:
    return undoing.undo(receipt, by=invitation.contact, now=OPENED + hours * HOUR)


def test_what_was_sent_is_taken_back_asked_again_and_reminded_of(
    invitation: Invitation, device: Device
) -> None:
    receipt = answers(invitation, device, mono=41_200, now=OPENED).receipt
    assert receipt is not None
    assert undo(receipt, invitation) == 1

    assert DueReading.objects.get().reading is None
    assert not Reading.objects.standing().filter(source="CUSTOMER").exists()
    taken_back = undoing.undone(receipt)
    assert taken_back is not None and taken_back.by_contact == invitation.contact
    assert filling.fill(now=OPENED + 2 * HOUR) == 0, "what was taken back fills no row"
    assert steps.take_due_steps(now=OPENED + WEEK).reminders == 1


def test_a_value_declared_again_stays_when_the_first_receipt_is_undone(
    invitation: Invitation, device: Device
) -> None:
    first = answers(invitation, device, mono=41_200, now=OPENED).receipt
    answers(invitation, device, mono=41_300, now=OPENED + HOUR)
    assert first is not None
    with pytest.raises(undoing.NothingLeft):
        undo(first, invitation, hours=2)
    assert reading_of(meter_of(device)).value == 41_300


def test_the_segment_that_a_replaced_meter_opened_goes_with_its_value(
    invitation: Invitation, device: Device
) -> None:
    receipt = answers(
        invitation, device, mono=210, now=OPENED,
        proof=a_proof(), reason=Finding.Answer.METER_REPLACED,
    ).receipt  # fmt: skip
    assert receipt is not None
    undo(receipt, invitation)
    assert Withdrawal.objects.count() == 2
    again = answers(invitation, device, mono=41_200, now=OPENED + 2 * HOUR)
    assert again.receipt is not None
    assert reading_of(meter_of(device)).segment == 1


def test_the_second_click_and_the_time_after_the_deadline_undo_nothing(
    invitation: Invitation, device: Device
) -> None:
    receipt = answers(invitation, device, mono=41_200, now=OPENED).receipt
    assert receipt is not None
    with pytest.raises(undoing.TooLate):
        undo(receipt, invitation, hours=24 * 30)
    undo(receipt, invitation)
    with pytest.raises(undoing.NothingLeft):
        undo(receipt, invitation)
    assert Withdrawal.objects.count() == 1


def test_once_the_campaign_is_closed_a_receipt_stands(
    invitation: Invitation, device: Device
) -> None:
    receipt = answers(invitation, device, mono=41_200, now=OPENED).receipt
    Campaign.objects.update(state="CLOSED")
    assert receipt is not None
    with pytest.raises(undoing.TooLate):
        undo(receipt, invitation)
    assert undoing.undone(receipt) is None
