"""Values nobody was asked for: our own people read them where a device comes, goes or is exchanged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from releveur.accounts.models import User
from releveur.audit.writing import OFFICE, By
from releveur.campaigns import filling, leaving, locks, pointing, reminding
from releveur.campaigns.models import DueReading, Kind
from releveur.campaigns.questioning import Question
from releveur.fleet.models import Installation
from releveur.readings import examining, recording, submission
from releveur.readings.examining import House
from releveur.readings.models import Proof, Reading
from releveur.readings.submission import Declared


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
    noted_by: By = OFFICE


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
    meters = stay.device.meters.filter(pk__in=values).select_related("kind", "device__model")
    known = submission.facts(meters)
    declared = Declared(stay.device_id, on, values, confirmed=said.confirmed, proof=said.proof)
    [examined] = examining.examine([declared], known, house=House.here())
    today = now.astimezone(ZoneInfo(stay.site.zone)).date()
    fault = submission.date_fault(declared, known, today=today, since=stay.since, until=stay.until)
    question = Question(examined.unmet, (), fault)
    if question != Question():
        raise Questioned(question)
    occasioned = replace(examined, occasion=occasion)
    return recording.submit([occasioned], by=said.by, source=Reading.Source.OFFICE, now=now)


def fill_requests(stay: Installation, readings: Mapping[int, Reading], *, now: datetime) -> None:
    """Fill with these readings the one-off requests they answer, then the periods they fit."""
    asked = DueReading.objects.filter(
        kind=Kind.ONE_OFF, reading=None, installation=stay, meter__in=readings
    )
    rows = [row for row in leaving.hold(asked) if row.answer is None]
    for row in rows:
        row.reading = readings[row.meter_id]
    pointing.save(rows)
    reminding.withhold_answered(locks.asking(rows), now=now)
    filling.fill(device=stay.device, now=now)
