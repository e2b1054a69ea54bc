"""How others estimate a meter nobody read: what ours is measured against."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from releveur.rules import metering
from releveur.rules.metering import History

PERIODS = 4
YEAR = timedelta(days=365)


def mean_of_periods(history: History, *, days: int) -> int | None:
    """Guess as most invoicing programs do: the mean of the last four spans between real readings.

    :param history: what was read before the span
    :returns: None with fewer than two readings of one segment

    >>> from releveur.rules.metering import Reading
    >>> known = [Reading(date(2021, 1, 5), 33_600), Reading(date(2022, 1, 5), 39_684)]
    >>> mean_of_periods(known, days=90)
    1500
    """
    known = metering.ordered(metering.real(history))
    spans = [
        (end.value - start.value, (end.taken_on - start.taken_on).days)
        for start, end in pairwise(known)
        if start.segment == end.segment and start.taken_on < end.taken_on
    ][-PERIODS:]
    whole = sum(length for _volume, length in spans)
    if not whole:
        return None
    return max(0, round(Fraction(sum(volume for volume, _length in spans) * days, whole)))


def same_days_last_year(history: History, *, since: date, until: date) -> int | None:
    """Guess what was printed in the same days one year earlier; None when they were not read.

    >>> from releveur.rules.metering import Reading
    >>> known = [Reading(date(2021, 1, 5), 33_600), Reading(date(2022, 1, 5), 39_684)]
    >>> same_days_last_year(known, since=date(2022, 1, 5), until=date(2022, 4, 5))
    1500
    """
    points = metering.curve(history)
    start, end = metering.index_at(points, since - YEAR), metering.index_at(points, until - YEAR)
    if start is None or end is None:
        return None
    return max(0, round(end - start))
