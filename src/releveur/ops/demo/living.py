"""Living through a quarter: to the next thing that happens, to the signature, to the next period.

The clock moves, everything due by then is done before the page answers, and the people of the
demonstration answer by the one door that real ones use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import uuid4

from releveur import clock
from releveur.campaigns import answering, opening, reminding, signing, steps
from releveur.campaigns.models import Campaign, DueReading, Invitation
from releveur.ops import ticking
from releveur.ops.demo import customers, files, preparing
from releveur.ops.demo.machines import machines
from releveur.ops.demo.volumes import value_on
from releveur.ops.ticking import Ticked
from releveur.readings.models import Reading
from releveur.readings.submission import Declared
from releveur.rules import schedule

SIGNED_BY = "Camille Dubreuil, facturation"
BEFORE = timedelta(hours=23)
"""People answer the day before a reminder would reach them."""


NOTHING = Ticked()


@dataclass(frozen=True, slots=True)
class Lived:
    """What happened on the way: people who answered, what the ticks did, readings that came alone."""

    answered: int = 0
    ticked: Ticked = NOTHING
    collected: int = 0


class NothingNext(Exception):
    """No step of a campaign is waiting: somebody has to sign, or to open the next period."""


def campaign() -> Campaign:
    """The period that is being lived: the latest one."""
    return Campaign.objects.order_by("-due_until", "-pk")[0]


def advance(*, now: datetime) -> Lived:
    """Move the clock to the next thing that happens, and let it happen.

    :raises NothingNext: nothing happens by itself any more
    """
    at = steps.next_at(now=now)
    if at is None:
        raise NothingNext
    before = max(now, at - BEFORE)
    clock.set(before)
    answered = _people_answer(now=before)
    ticked = ticking.tick(now=before)
    clock.set(at)
    return Lived(answered, ticked + ticking.tick(now=at))


def sign(*, estimate_unasked: bool, now: datetime) -> signing.Signed:
    """Sign the period; raises what `signing.sign` does."""
    return signing.sign(campaign().pk, by=SIGNED_BY, now=now, estimate_unasked=estimate_unasked)


def next_period(*, now: datetime) -> Lived:
    """Go to the next quarterly due day: the collector's file arrives, the next campaign opens."""
    due_on = schedule.next_due(preparing.FIRST_DAY, 3, after=now.astimezone(clock.PARIS).date())
    morning = datetime.combine(due_on, preparing.MORNING.time(), clock.PARIS)
    clock.set(morning)
    report = preparing.take(files.collected(due_on - timedelta(days=1)), readings=True, now=morning)
    opening.open_campaign(due_on, now=morning)
    return Lived(ticked=ticking.tick(now=morning), collected=report.counts["readings"].created)


def _people_answer(*, now: datetime) -> int:
    """Everybody who answers before the next reminder does so; the others stay silent."""
    habits = {one.email: one.answers_at for one in customers.people() if one.email}
    here = campaign()
    period = min(Campaign.objects.filter(due_until__lt=here.due_until).count(), 1)
    answered = 0
    for invitation in reminding.silent(here.invitations.all()).select_related("contact"):
        reminded = invitation.notices.filter(what__in=reminding.REMINDERS).count()
        if habits.get(invitation.contact.email, (None, None))[period] == reminded + 1:
            _answer(invitation, now=now)
            answered += 1
    return answered


def _answer(invitation: Invitation, *, now: datetime) -> None:
    today = now.astimezone(clock.PARIS).date()
    rows = DueReading.objects.asked_of(invitation)
    answering.answer(
        answering.asked_of(invitation),
        _declared(rows.unanswered().select_related("meter__device", "meter__kind"), on=today),
        by=invitation.contact,
        source=Reading.Source.CUSTOMER,
        now=now,
        nonce=uuid4(),
        invitation=invitation,
    )


def _declared(rows: Iterable[DueReading], *, on: date) -> list[Declared]:
    """What the screens show that day."""
    known = {one.serial: one for one in machines()}
    values: dict[int, dict[int, int]] = {}
    for row in rows:
        shown = value_on(known[row.meter.device.serial], row.meter.kind.label_fr, on)
        values.setdefault(row.meter.device_id, {})[row.meter_id] = shown
    return [Declared(device, on, mine, confirmed=True) for device, mine in values.items()]
