"""The one order of the locks: whoever meets whom, wherever, nobody is thrown out and no row is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count

import pytest
from django.db import transaction

from releveur.campaigns import (
    asking,
    by_phone,
    closing,
    filling,
    locks,
    mailing,
    noting,
    retiring,
    signing,
    undoing,
)
from releveur.campaigns.models import BasisLine, Campaign, DueReading, Notice, Receipt
from releveur.fleet.models import Device
from releveur.readings.models import Reading
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
    the_mails_leave,
)
from tests.interleaving import Verb, interleave

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
MOST_STOPS = 25


class World:
    """A device of a customer of its own, asked for in a campaign of its own."""

    def __init__(self, number: int, *, name: str = "A") -> None:
        self.number = number
        customer = a_customer(code=f"{name}{number:06}")
        contact = a_contact(customer, email=f"{name}{number}@gramont.example")
        self.device = a_device(customer, mono=39_684)
        due_until = DUE_ON + timedelta(days=number)
        self.campaign = a_campaign(due_until=due_until, only=[self.device.serial])
        the_mails_leave(now=OPENED)
        self.invitation = self.campaign.invitations.get(contact=contact)

    @property
    def row(self) -> DueReading:
        rows = self.campaign.due_readings.select_related("reading")
        return rows.get(meter__device=self.device)

    def answer(self, value: int = 41_200) -> Receipt:
        receipt = answers(self.invitation, self.device, mono=value, now=OPENED).receipt
        assert receipt is not None
        return receipt

    def answer_a_request(self) -> Receipt:
        """A request before the device leaves, answered while the quarter's own campaign runs."""
        before = date(2022, 5, 5)
        request = asking.ask(self.device, why=Campaign.Why.MOVE, before=before, now=OPENED).campaign
        receipt = answers(request.invitations.get(), self.device, mono=41_200, now=OPENED).receipt
        assert receipt is not None
        return receipt

    def undo(self, receipt: Receipt) -> int:
        return undoing.undo(receipt, by=self.invitation.contact, now=OPENED + HOUR)

    def fill(self) -> int:
        return filling.fill(self.campaign.pk, now=OPENED)

    def becomes(self, state: Campaign.State) -> None:
        Campaign.objects.filter(pk=self.campaign.pk).update(state=state)


@pytest.fixture(autouse=True)
def dealer() -> None:
    a_dealer()


def everywhere(
    both: Callable[[World], tuple[Verb, Verb]], *refusals: type[Exception], every: int = 1
) -> Iterator[tuple[World, object, object]]:
    """The first verb stopped before each (or every n-th) of its locks in turn, in a fresh world each."""
    for number in count(step=every):
        assert number < MOST_STOPS
        world = World(number)
        first, second = both(world)
        one, other, stopped = interleave(first, second, stopped_before=number)
        for outcome in (one, other):
            assert not isinstance(outcome, Exception) or isinstance(outcome, refusals), (
                number,
                repr(outcome),
            )
        yield world, one, other
        if not stopped:
            assert number > 1, "the verb was stopped nowhere"
            return


def retire(device: Device) -> retiring.Retired:
    said = noting.Said(confirmed=True)
    return retiring.retire(device, on=DUE_ON, values={"Noir": 41_100}, said=said, now=OPENED)


@pytest.mark.parametrize("undo_first", [True, False])
def test_an_answer_taken_back_while_it_fills_a_period_stands_nowhere(undo_first: bool) -> None:
    def both(world: World) -> tuple[Verb, Verb]:
        receipt = world.answer_a_request()
        verbs = (lambda: world.undo(receipt)), world.fill
        return verbs if undo_first else (verbs[1], verbs[0])

    for world, *outcomes in everywhere(both):
        assert outcomes[not undo_first] == 1, outcomes
        assert world.row.reading is None
        assert not DueReading.objects.exclude(reading__withdrawal=None).exists()


@pytest.mark.parametrize("answer_first", [True, False])
def test_an_answer_that_meets_the_estimate_of_the_close_is_not_lost(answer_first: bool) -> None:
    def both(world: World) -> tuple[Verb, Verb]:
        world.becomes(Campaign.State.CLOSING)
        verbs = world.answer, (lambda: closing.finish(world.campaign.pk, now=OPENED))
        return verbs if answer_first else (verbs[1], verbs[0])

    for world, *outcomes in everywhere(both):
        assert world.row.answer is not None and world.row.answer.value == 41_200, outcomes


@pytest.mark.parametrize("undo_first", [True, False])
def test_a_receipt_is_taken_back_before_the_close_or_not_at_all(undo_first: bool) -> None:
    def both(world: World) -> tuple[Verb, Verb]:
        receipt = world.answer()
        close = lambda: closing.close_early(world.campaign.pk, now=OPENED + HOUR)  # noqa: E731
        undo = lambda: world.undo(receipt)  # noqa: E731
        return (undo, close) if undo_first else (close, undo)

    refusals = closing.SomebodyIsSilent, undoing.TooLate
    for world, *outcomes in everywhere(both, *refusals):
        undone, closed = outcomes if undo_first else reversed(outcomes)
        world.campaign.refresh_from_db()
        if undone == 1:
            assert isinstance(closed, closing.SomebodyIsSilent)
            assert (world.campaign.state, world.row.reading) == ("OPEN", None)
        else:
            assert isinstance(undone, undoing.TooLate)
            assert (world.campaign.state, world.row.answer and world.row.answer.value) == (
                "CLOSED",
                41_200,
            )


@pytest.mark.parametrize("correct_first", [True, False])
def test_a_correction_is_in_what_is_signed_or_a_proposal_after_it(correct_first: bool) -> None:
    def both(world: World) -> tuple[Verb, Verb]:
        world.answer()
        world.becomes(Campaign.State.CLOSED)
        correct = lambda: world.answer(41_300)  # noqa: E731
        sign = lambda: signing.sign(world.campaign.pk, by="Martin", now=OPENED)  # noqa: E731
        return (correct, sign) if correct_first else (sign, correct)

    for world, *outcomes in everywhere(both):
        line = BasisLine.objects.get(campaign=world.campaign)
        correction = Reading.objects.get(value=41_300, meter__device=world.device)
        assert world.row.reading is not None
        assert line.printed["net"] == world.row.reading.value - 39_684, outcomes
        assert correction.proposed == (world.row.reading != correction)


def test_what_is_answered_while_the_device_is_retired_is_known_to_both() -> None:
    for world, answered, retired in everywhere(
        lambda world: (world.answer, lambda: retire(world.device)), noting.Questioned
    ):
        assert isinstance(answered, Receipt) and world.row.answer is not None
        assert isinstance(retired, noting.Questioned | retiring.Retired)


def test_two_values_told_by_phone_at_once_supersede_one_another() -> None:
    def both(world: World) -> tuple[Verb, Verb]:
        world.invitation.asked.all().delete()

        def told(value: int) -> Verb:
            return lambda: by_phone.declare(
                world.device.serial, {"Noir": value}, taken_on=DUE_ON, now=OPENED, confirmed=True
            )

        return told(41_200), told(41_300)

    for world, *outcomes in everywhere(both):
        standing = Reading.objects.standing().filter(meter__device=world.device, source="OFFICE")
        assert world.row.reading == standing.get(), outcomes


def test_mails_to_others_are_written_while_a_device_is_retired() -> None:
    """Its verb touches nobody else's rows, though a technician's value waits to fill one."""

    def both(world: World) -> tuple[Verb, Verb]:
        other = World(world.number, name="B")
        a_reading(meter_of(world.device), DUE_ON, 41_000, source=Reading.Source.TECHNICIAN)
        Notice.objects.filter(invitation__campaign=world.campaign).update(mail=None)
        return lambda: retire(other.device), lambda: mailing.write_due(now=OPENED)

    for world, retired, written in everywhere(both, every=4):
        assert isinstance(retired, retiring.Retired) and isinstance(written, int)
        assert world.row.reading is None, "the next tick fills it"


def test_locks_want_a_transaction() -> None:
    with pytest.raises(AssertionError):
        locks.hold_whole(dict)
    with transaction.atomic():
        assert locks.hold_whole(dict) == []
