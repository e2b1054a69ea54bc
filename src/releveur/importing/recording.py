"""Values of a file confronted with what each meter already showed: written, known, or contradicted.

- An estimated index writes Billed only: an estimate never becomes a fact.
- A real one writes a Reading, and a Billed where it was invoiced.
- The same day and value again is nothing new, whoever wrote it first: this makes a file idempotent,
  and takes back from the ERP what was signed here.
- The same day with another value, or a value below an earlier real one (above a later one) of the
  same segment, is listed and not written.
- « nouveau compteur » opens the next segment, from its day on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from releveur import putting
from releveur.among import Among
from releveur.importing.report import Report
from releveur.readings.models import Billed, Quality, Reading, Withdrawal

NEW_METER = Reading.Occasion.NEW_METER

type _Unwritten = list[object]
"""The values of a new reading, whose number comes with the writing."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of one meter on one day, as a file states it."""

    line: int
    column: str
    meter: int
    taken_on: date
    value: int
    quality: Quality = Quality.ACTUAL
    source: Reading.Source = Reading.Source.IMPORT
    occasion: Reading.Occasion = Reading.Occasion.PERIODIC
    billed: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """A real reading that stands."""

    taken_on: date
    segment: int
    value: int
    occasion: str
    row: int | _Unwritten


@dataclass(slots=True)
class Past:
    """What is known of one meter."""

    readings: list[Known] = field(default_factory=list)
    billed: dict[tuple[date, int], tuple[int, str]] = field(default_factory=dict)
    taken_back: set[tuple[date, str]] = field(default_factory=set)

    def segment(self, fact: Fact) -> int:
        """The life of the register a fact belongs to; the day of a new meter belongs to both."""
        begun = (one.segment for one in self.readings if one.taken_on < fact.taken_on)
        return max(begun, default=1) + (fact.occasion == NEW_METER)

    def known(self, fact: Fact) -> Known | None:
        """The same value of the same day, whoever read it and why."""
        return next(
            (
                one
                for one in self.readings
                if (one.taken_on, one.value) == (fact.taken_on, fact.value)
                and (fact.occasion == NEW_METER) == (one.occasion == NEW_METER)
            ),
            None,
        )


@dataclass(slots=True)
class _Work:
    report: Report
    now: datetime
    readings: list[_Unwritten] = field(default_factory=list)
    billed: list[tuple[putting.Row, int | _Unwritten | None]] = field(default_factory=list)


def record(
    facts: Iterable[Fact], *, fresh: Collection[int] = (), report: Report, now: datetime
) -> None:
    """Write what is new of these facts; known and contradicted ones are counted and listed.

    Two queries for what is known, three for what is new.

    :param fresh: meters of which nothing can be known, as they were just made
    """
    ordered = sorted(facts, key=lambda one: (one.taken_on, one.occasion == NEW_METER, one.line))
    pasts = _pasts({one.meter for one in ordered}.difference(fresh))
    work = _Work(report, now)
    for fact in ordered:
        past = pasts.setdefault(fact.meter, Past())
        against = _against(fact, past)
        if against:
            report.differ(fact.line, fact.column, str(fact.value), against)
        else:
            _take(fact, past, work)
    _write(work)


def _write(work: _Work) -> None:
    for row, number in zip(work.readings, putting.draw(Reading, len(work.readings)), strict=True):
        row[0] = number
    putting.put_values(Reading, READING, work.readings)
    indexes = ((row[0] if isinstance(row, list) else row, *index) for index, row in work.billed)
    putting.put_values(Billed, BILLED, indexes)


def _pasts(meters: Collection[int]) -> dict[int, Past]:
    pasts: dict[int, Past] = {}
    if not meters:
        return pasts
    among = Among("meter", meters)
    real = Reading.objects.real().filter(among).annotate(gone=GONE).order_by()
    columns = ("meter_id", "source", "gone", "taken_on", "segment", "value", "occasion", "pk")
    for meter, source, gone, *known in real.values_list(*columns):
        past, one = pasts.setdefault(meter, Past()), Known(*known)
        if not gone:
            past.readings.append(one)
        elif source == Reading.Source.IMPORT:
            past.taken_back.add((one.taken_on, one.occasion))
    billed = Billed.objects.filter(among).order_by("id")
    invoiced = billed.values_list("meter_id", "taken_on", "segment", "value", "quality")
    for meter, day, segment, value, quality in invoiced:
        pasts.setdefault(meter, Past()).billed[day, segment] = (value, quality)
    return pasts


GONE = (
    Exists(Withdrawal.objects.filter(reading=OuterRef("pk")))
    | Exists(Reading.objects.filter(supersedes=OuterRef("pk")))
    | Q(proposed=True)
)
"""Not standing."""


def _against(fact: Fact, past: Past) -> str:
    """The sentence that says what a fact contradicts; empty when it contradicts nothing."""
    invoiced = past.billed.get((fact.taken_on, past.segment(fact)))
    billed = invoiced if fact.billed else None
    if billed and billed[0] != fact.value:
        return _("%(value)d was billed on that day. Ask which one is right.") % {"value": billed[0]}
    if billed and billed[1] != fact.quality:
        return _("That value was billed with another nature (%(nature)s).") % {
            "nature": Quality(billed[1]).label
        }
    if fact.quality == Quality.ESTIMATED or past.known(fact):
        return ""
    if (fact.taken_on, fact.occasion) in past.taken_back:
        return _("An imported reading of that day was taken back here. Enter the right one here.")
    if fact.occasion == NEW_METER:
        return _against_new_meter(fact, past)
    return _same_day(fact, past) or _out_of_order(fact, past)


def _same_day(fact: Fact, past: Past) -> str:
    same = [one for one in past.readings if one.taken_on == fact.taken_on]
    comparable = [one for one in same if one.occasion == fact.occasion]
    if not comparable or any(one.value == fact.value for one in same):
        return ""
    return _("On that day stands %(value)d. Ask which one is right.") % {
        "value": comparable[0].value
    }


def _out_of_order(fact: Fact, past: Past) -> str:
    segment = past.segment(fact)
    mine = [one for one in past.readings if one.segment == segment]
    above = [one for one in mine if one.taken_on < fact.taken_on and one.value > fact.value]
    below = [one for one in mine if one.taken_on > fact.taken_on and one.value < fact.value]
    if not (above or below):
        return ""
    other = (above or below)[0]
    return _(
        "On %(day)s stands %(value)d: a counter does not run backwards. Correct the value, or say"
        " that the meter is new."
    ) % {"day": f"{other.taken_on:%d/%m/%Y}", "value": other.value}


def _against_new_meter(fact: Fact, past: Past) -> str:
    for one in past.readings:
        if one.taken_on == fact.taken_on and one.occasion == NEW_METER:
            return _("The new meter began at %(value)d on that day.") % {"value": one.value}
    if any(one.taken_on > fact.taken_on for one in past.readings):
        return _(
            "Later readings of this meter are already here: a new meter must come before them."
        )
    return ""


def _take(fact: Fact, past: Past, work: _Work) -> None:
    segment, known = past.segment(fact), past.known(fact)
    row = known.row if known else None
    fresh = fact.quality != Quality.ESTIMATED and known is None
    if fresh:
        row = _reading(fact, segment, work.now)
        work.readings.append(row)
        past.readings.append(Known(fact.taken_on, segment, fact.value, fact.occasion, row))
    index = fact.billed and (fact.taken_on, segment) not in past.billed
    if index:
        real = None if fact.quality == Quality.ESTIMATED else row
        work.billed.append((_billed(fact, segment), real))
        past.billed[fact.taken_on, segment] = (fact.value, fact.quality)
    count = work.report.counts["readings"]
    count.created += fresh or index
    count.unchanged += not (fresh or index)


READING = (
    "id", "meter_id", "segment", "taken_on", "recorded_at", "value", "quality", "source", "occasion", "proposed",
)  # fmt: skip
BILLED = ("reading_id", "meter_id", "segment", "taken_on", "value", "quality", "origin")


def _reading(fact: Fact, segment: int, now: datetime) -> _Unwritten:
    return [
        None, fact.meter, segment, fact.taken_on, now, fact.value, fact.quality, fact.source, fact.occasion, False,
    ]  # fmt: skip


def _billed(fact: Fact, segment: int) -> putting.Row:
    return fact.meter, segment, fact.taken_on, fact.value, fact.quality, Billed.Origin.ERP
