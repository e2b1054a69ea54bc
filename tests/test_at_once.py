"""Two verbs at the same moment: the second waits, looks again, and does what is right then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from time import sleep

import pytest
from django.db import connection, transaction

from releveur.campaigns import (
    asking,
    filling,
    handing_over,
    signing,
    undoing,
)
from releveur.campaigns.models import Campaign, DueReading, Receipt
from releveur.customers.introducing import Named
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from releveur.readings.models import Reading, Withdrawal
from tests.factories import (
    OPENED,
    a_campaign,
    a_device,
    answers,
    the_mails_leave,
)

pytestmark = pytest.mark.django_db(transaction=True)

KARIM = Named("karim@gramont-services.example", "Karim")


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, serial="3923656030", mono=39_684)


@contextmanager
def meanwhile[T](verb: Callable[[], T]) -> Iterator[Future[T]]:
    """Inside, this transaction has done something that the other, started then, cannot see yet."""

    def alone() -> T:
        try:
            return verb()
        finally:
            connection.close()

    future: Future[T] = Future()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            doing: list[Future[T]] = []
            yield future
            doing.append(pool.submit(alone))
            sleep(0.4)
        try:
            future.set_result(doing[0].result(timeout=20))
        except BaseException as fault:  # noqa: BLE001
            future.set_exception(fault)


def a_one_off_answer(device: Device) -> tuple[Campaign, Receipt]:
    """A request before the device leaves, answered while the quarter's own campaign runs."""
    quarter = a_campaign()
    the_mails_leave(now=OPENED)
    request = asking.ask(device, why=Campaign.Why.MOVE, before=date(2022, 5, 5), now=OPENED)
    invitation = request.campaign.invitations.get()
    receipt = answers(invitation, device, mono=41_200, now=OPENED).receipt
    assert receipt is not None
    return quarter, receipt


def undo(receipt: Receipt) -> int:
    assert receipt.by_contact is not None
    return undoing.undo(receipt, by=receipt.by_contact, now=OPENED)


def test_what_is_being_taken_back_fills_no_row(device: Device) -> None:
    quarter, receipt = a_one_off_answer(device)
    with meanwhile(lambda: filling.fill(now=OPENED)) as filled:
        undo(receipt)
    assert filled.result() == 0
    assert quarter.due_readings.get().reading is None


def test_what_fills_a_row_at_this_moment_is_taken_back_from_it_too(device: Device) -> None:
    quarter, receipt = a_one_off_answer(device)
    with meanwhile(lambda: undo(receipt)) as undone:
        assert filling.fill(now=OPENED) == 1
    assert undone.result() == 1
    assert quarter.due_readings.get().reading is None


def test_what_is_being_signed_is_not_taken_back(device: Device) -> None:
    quarter, receipt = a_one_off_answer(device)
    filling.fill(now=OPENED)
    Campaign.objects.filter(pk=quarter.pk).update(state=Campaign.State.CLOSED)
    with meanwhile(lambda: undo(receipt)) as undone:
        signing.sign(quarter.pk, by="Martin", now=OPENED)
    with pytest.raises(undoing.NothingLeft):
        undone.result()
    assert quarter.due_readings.get().reading is not None
    assert not Withdrawal.objects.exists()


def test_a_colleague_answers_nothing_that_is_being_taken_back_from_her(device: Device) -> None:
    hers = a_campaign().invitations.get()
    handover = handing_over.hand_over(hers, device, to=KARIM, now=OPENED)
    receiver = handover.receiver
    with meanwhile(lambda: answers(receiver, device, mono=41_200, now=OPENED)) as answered:
        handing_over.take_back(handover, now=OPENED)
    with pytest.raises(DueReading.DoesNotExist):
        answered.result()
    assert not Reading.objects.filter(source="CUSTOMER").exists()
