"""The days on which somebody may ask to be called: those on which the office answers, within a year."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from django.utils.dateformat import format as date_format

from releveur.readings.wording import in_french
from releveur.rules import schedule
from releveur.rules.schedule import PARIS, Closures

FARTHEST = timedelta(days=365)

type Fault = Literal["PAST", "OVER_FOR_TODAY", "WEEKEND", "CLOSED", "TOO_FAR"]


def fault(day: date, *, closures: Closures, now: datetime) -> Fault | None:
    """What keeps a technician from calling on a day, if anything.

    >>> sunday_evening = datetime(2022, 4, 17, 20, tzinfo=PARIS)
    >>> [fault(date(2022, 4, day), closures={date(2022, 4, 18)}, now=sunday_evening)
    ...     for day in (16, 17, 18, 19)]
    ['PAST', 'WEEKEND', 'CLOSED', None]
    """
    today = now.astimezone(PARIS).date()
    if day < today:
        return "PAST"
    if day > today + FARTHEST:
        return "TOO_FAR"
    if day.weekday() >= 5:
        return "WEEKEND"
    if day in closures:
        return "CLOSED"
    return "OVER_FOR_TODAY" if day < soonest(closures=closures, now=now) else None


def soonest(*, closures: Closures, now: datetime) -> date:
    """The first day on which the office may still call."""
    return schedule.into_office_hours(now, closures).date()


def nearest(day: date, *, closures: Closures, now: datetime) -> date:
    """The first possible day from this one on, to propose it instead."""
    farthest = now.astimezone(PARIS).date() + FARTHEST
    morning = datetime.combine(min(day, farthest), schedule.OPENS, PARIS)
    return max(
        schedule.into_office_hours(morning, closures).date(), soonest(closures=closures, now=now)
    )


def in_words(day: date) -> str:
    """« mardi 12 avril 2022 », in the active language."""
    words = date_format(day, "l j F Y")
    return words.replace(" 1 ", " 1er ") if in_french() else words
