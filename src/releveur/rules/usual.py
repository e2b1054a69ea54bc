"""What a meter usually prints in a span of days: told beside the field, before anybody asks.

docs/rules/validation.md has the worked numbers. This is no limit: what asks for a confirmation is far wider
(`validation.Limits`); but who reads « habituellement 1 200 à 1 600 » sees a slip of the finger herself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from releveur.rules import metering
from releveur.rules.metering import History, Reading

SPANS = 8
"""The latest spans between real readings that speak; older habits are forgotten."""

FEWEST = 3
SHORTEST = timedelta(days=14)
"""A shorter span says more about a day than about a habit."""

ABOUT = Fraction(1, 3)
"""Where the past is silent: the expected volume, a third less to a third more."""


def usual_volume(
    history: History, *, since: date, until: date, expected: int | None
) -> tuple[int, int] | None:
    """Return the least and the most impressions this meter usually prints in (since, until].

    From the slowest and the fastest of its latest spans, stretched to these days; None when neither
    its past nor an expected volume is known. Rounded outwards to two digits.

    >>> from datetime import timedelta
    >>> values = [0, 900, 2_100, 3_150]
    >>> past = [Reading(date(2021, 1, 5) + n * timedelta(90), v) for n, v in enumerate(values)]
    >>> usual_volume(past, since=date(2021, 10, 2), until=date(2022, 1, 1), expected=None)
    (910, 1300)
    >>> usual_volume([], since=date(2022, 1, 5), until=date(2022, 4, 5), expected=1_500)
    (1000, 2000)
    """
    paces = _paces(metering.ordered(metering.real(history)))
    days = (until - since).days
    if len(paces) >= FEWEST:
        return _down(min(paces) * days), _up(max(paces) * days)
    if expected is None:
        return None
    return _down(expected * (1 - ABOUT)), _up(expected * (1 + ABOUT))


def _paces(readings: Sequence[Reading]) -> list[Fraction]:
    """Impressions a day of the latest spans within one segment."""
    spans = [
        Fraction(max(0, end.value - start.value), (end.taken_on - start.taken_on).days)
        for start, end in pairwise(readings)
        if start.segment == end.segment and end.taken_on - start.taken_on >= SHORTEST
    ]
    return spans[-SPANS:]


def _down(volume: Fraction) -> int:
    unit = _unit(volume)
    return floor(volume / unit) * unit


def _up(volume: Fraction) -> int:
    unit = _unit(volume)
    return ceil(volume / unit) * unit


def _unit(volume: Fraction) -> int:
    """What the second digit counts: 10 of 910, 100 of 1 300."""
    digits = len(str(floor(volume)))
    return int(10 ** max(0, digits - 2))
