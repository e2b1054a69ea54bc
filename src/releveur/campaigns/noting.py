"""Values nobody was asked for: our own people read them where a device comes, goes or is exchanged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from releveur.accounts.models import User
from releveur.campaigns import filling, locks, pointing, reminding
from releveur.campaigns.answering import Question
from releveur.campaigns.models import Asked, Campaign, DueReading, Kind
from releveur.dealer.models import Dealer
from releveur.fleet.models import Installation
from releveur.readings import submission
from releveur.readings.models import Proof, Reading
from releveur.readings.submission import Declared
from releveur.rules import validation


class Questioned(Exception):
    """The values raise a question: nothing was recorded."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


@dataclass(frozen=True, slots=True)
class Said:
    """Who gives values, and what comes with them."""

    by: User | None = None
    proof: Proof | None = None
    confirmed: bool = False


def note(
    stay: Installation,
    values: Mapping[int, int],
    *,
    on: date,
    occasion: Reading.Occasion,
    said: Said,
    now: datetime,
) -> dict[int, Reading]:
    """Record what a device showed on a day, with the same checks as an answer; per meter.

    Call it in the transaction of the move. Rows that wait for such a value are filled by it.

    :raises Questioned: a value asks for a photo or a word, or the day cannot be
    """
    if not values:
        return {}
    known = submission.facts(stay.device.meters.filter(pk__in=values))
    declared = Declared(stay.device_id, on, values, confirmed=said.confirmed, proof=said.proof)
    limits = validation.Limits(photo_below_estimate=Dealer.objects.here().photo_below_estimate)
    examined = submission.examine(declared, known, limits=limits)
    today = now.astimezone(ZoneInfo(stay.site.zone)).date()
    fault = submission.date_fault(declared, known, today=today, since=stay.since)
    question = Question(examined.unmet, (), fault)
    if question != Question():
        raise Questioned(question)
    occasioned = replace(examined, occasion=occasion)
    return submission.submit([occasioned], by=said.by, source=Reading.Source.OFFICE, now=now)


def bring_forward(stay: Installation, *, to: date) -> int:
    """What was due of a device after the day it leaves is due on that day, as its last reading.

    Rows somebody answered stay as they are, and those of meters billed beyond that day.

    :returns: how many rows moved
    """
    late = _empty(stay).filter(due_on__gt=to).exclude(meter__billed_indexes__taken_on__gte=to)
    there = DueReading.objects.filter(due_on=to, meter__device=stay.device_id)
    taken = set(there.values_list("meter_id", "kind"))
    rows = [row for row in _hold(late) if (row.meter_id, row.kind) not in taken]
    DueReading.objects.filter(pk__in=[row.pk for row in rows]).update(due_on=to, final=True)
    return len(rows)


def fill_requests(stay: Installation, readings: Mapping[int, Reading], *, now: datetime) -> None:
    """Fill with these readings the one-off requests they answer, then the periods they fit."""
    asked = _empty(stay).filter(kind=Kind.ONE_OFF, meter__in=readings)
    rows = [row for row in _hold(asked) if row.answer is None]
    for row in rows:
        row.reading = readings[row.meter_id]
    pointing.save(rows)
    reminding.withhold_answered(_asking(row.pk for row in rows), now=now)
    filling.fill(now=now)


def _empty(stay: Installation) -> QuerySet[DueReading]:
    rows = DueReading.objects.filter(reading=None, meter__device=stay.device_id, installation=stay)
    return rows.exclude(campaign__state=Campaign.State.SIGNED)


def _hold(rows: QuerySet[DueReading]) -> list[DueReading]:
    campaigns = dict(rows.values_list("pk", "campaign_id"))
    locks.share(set(campaigns.values()))
    locks.hold_invitations(_asking(campaigns))
    return [row for row in locks.hold_due_readings(campaigns) if row.reading_id is None]


def _asking(rows: Iterable[int]) -> set[int]:
    asking = Asked.objects.filter(due_reading__in=list(rows))
    return set(asking.values_list("invitation_id", flat=True))
