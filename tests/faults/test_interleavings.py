"""Two people, or two workers, do whatever they do at the very same moment: nothing is lost, nothing is
counted twice, nobody is thrown out, and the two never wait for one another for ever.

Answering, a colleague's answering, undoing, filling, reminding, writing mails, closing and signing meet one
another in all pairs, both ways round: the first is stopped before its locks, the second runs until it is
done or waits, then both go on (`tests/interleaving.py`). After each meeting the database is asked whether
all is in order (`invariants.py`). `RELEVEUR_TEST_NIGHT=1` stops at every statement instead of every third
lock. Handing over, retiring, phoning are in `tests/test_locks.py`.

Without `locks.share` in `campaigns/locks.py: hold_whole` an answer is lost to the close; without
`reading=None` in `campaigns/closing.py: _estimate` an estimate takes the place of a real value.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, product

import pytest

from releveur.campaigns import closing, filling, handing_over, mailing, signing, steps, undoing
from releveur.campaigns.models import Campaign, DueReading, Invitation, Receipt
from releveur.customers.introducing import Named
from releveur.readings.models import Reading
from tests import interleaving
from tests.factories import DUE_ON, OPENED, a_reading, answers, meter_of, the_mails_leave
from tests.faults import dumps, invariants
from tests.faults.asked import asked, the_device
from tests.interleaving import Verb, interleave

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = os.environ.get("RELEVEUR_TEST_NIGHT", "") == "1"
EVERY = 1 if NIGHT else 3
MOST_STOPS = 400
WEEK = timedelta(days=7)
KARIM = Named("karim@gramont-services.example", "Karim")
REFUSALS = (undoing.TooLate, undoing.NothingLeft, closing.NotOpen, signing.NotClosed)


def test_while_people_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A week after the opening: a reminder is due, a mail is to be written, a value waits to fill a row."""
    a_desk()
    all_pairs(ASKING, now=OPENED + WEEK, monkeypatch=monkeypatch)


def test_while_a_campaign_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    a_desk()
    for week in (1, 2, 3):
        steps.take_due_steps(now=OPENED + week * WEEK)
        the_mails_leave(now=OPENED + week * WEEK)
    a_technician_reads()
    now = Campaign.objects.get().closes_at + timedelta(minutes=10)
    all_pairs(ENDING, now=now, monkeypatch=monkeypatch)


def test_while_somebody_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    a_desk()
    Campaign.objects.update(state=Campaign.State.CLOSING)
    closing.finish(Campaign.objects.get().pk, now=OPENED + 4 * WEEK)
    a_technician_reads()
    all_pairs(CLOSED, now=OPENED + 4 * WEEK, monkeypatch=monkeypatch)


def a_desk() -> None:
    """Three devices: one asked of Karim too, one answered, one that a technician reads."""
    alexandra = asked(devices=3)
    handing_over.hand_over(alexandra, the_device(0), to=KARIM, now=OPENED)
    answers(alexandra, the_device(1), mono=41_200, now=OPENED)
    the_mails_leave(now=OPENED)


def a_technician_reads() -> None:
    a_reading(meter_of(the_device(2)), DUE_ON, 40_900, source=Reading.Source.TECHNICIAN)


@dataclass(frozen=True, slots=True)
class Moment:
    now: datetime

    def alexandra_answers(self) -> object:
        return answers(invited("Alexandra"), the_device(0), mono=41_000, now=self.now)

    def karim_answers(self) -> object:
        return answers(invited("Karim"), the_device(0), mono=41_111, now=self.now)

    def she_undoes(self) -> object:
        receipt = Receipt.objects.order_by("pk")[0]
        return undoing.undo(receipt, by=invited("Alexandra").contact, now=self.now)

    def fills(self) -> object:
        return filling.fill(now=self.now)

    def reminds(self) -> object:
        return steps.take_due_steps(now=self.now)

    def writes_mails(self) -> object:
        return mailing.write_due(now=self.now)

    def closes(self) -> object:
        campaign = Campaign.objects.get().pk
        return closing.begin(campaign, now=self.now), closing.finish(campaign, now=self.now)

    def signs(self) -> object:
        return signing.sign(Campaign.objects.get().pk, by="Mme Roy", now=self.now)


type Act = Callable[[Moment], object]

ANSWERS: dict[str, Act] = {
    "alexandra answers": Moment.alexandra_answers,
    "karim answers": Moment.karim_answers,
    "she undoes": Moment.she_undoes,
    "fill": Moment.fills,
}
ASKING = ANSWERS | {"remind": Moment.reminds, "write": Moment.writes_mails}
ENDING = ANSWERS | {"close": Moment.closes}
CLOSED = ANSWERS | {"sign": Moment.signs}


def invited(name: str) -> Invitation:
    return Invitation.objects.select_related("contact").get(contact__first_name=name)


def all_pairs(acts: Mapping[str, Act], *, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    if NIGHT:
        monkeypatch.setattr(interleaving, "LOCKING", ("",))
    world, moment = dumps.take(), Moment(now)
    for number, (one, other) in enumerate(product(acts, repeat=2)):
        for stop in count(number % EVERY, EVERY):
            assert stop < MOST_STOPS
            world.put_back()
            met = Met(f"{one} × {other}, stopped at {stop}", acts[one], acts[other])
            if not met.at(moment, stop):
                break


@dataclass(frozen=True, slots=True)
class Met:
    name: str
    one: Act
    other: Act

    def at(self, moment: Moment, stop: int) -> bool:
        """Whether the first came as far as its stop."""
        first, second = self._verb(self.one, moment), self._verb(self.other, moment)
        *outcomes, stopped = interleave(first, second, stopped_before=stop)
        for outcome in outcomes:
            assert not isinstance(outcome, Exception) or isinstance(outcome, REFUSALS), (
                self.name, repr(outcome),
            )  # fmt: skip
        try:
            invariants.always()
            a_device_is_answered_as_last_said()
            steps.take_due_steps(now=moment.now)
            invariants.settled()
        except AssertionError as broken:
            broken.add_note(f"{self.name}: {outcomes}")
            raise
        return stopped

    def _verb(self, act: Act, moment: Moment) -> Verb:
        return lambda: act(moment)


def a_device_is_answered_as_last_said() -> None:
    """Of two answers at once one supersedes the other, or is asked about; neither stands beside it."""
    row = DueReading.objects.select_related("reading").get(meter__device=the_device(0))
    said = Reading.objects.standing().filter(meter=row.meter_id, source="CUSTOMER")
    assert len(said) <= 1
    assert list(said) in ([], [row.reading])
