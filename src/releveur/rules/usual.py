"""What a meter usually prints in a span of days: told beside the field, before anybody asks.

docs/rules/validation.md has the worked numbers. The middle is what the estimator expects of these very
days, its season included; the width is how far this meter's past strayed from such expectations. Eight
times of ten a true value lies inside. This is no limit: what asks for a confirmation is far wider
(`validation.Limits`); but who reads « habituellement 1 200 à 1 600 » sees a slip of the finger herself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from math import ceil, exp, floor, log1p, sqrt

from releveur.rules import metering
from releveur.rules.metering import History, Reading

SPANS = 12
"""The latest spans between real readings that speak; older habits are forgotten."""

SHORTEST = 14
"""Days: a shorter span says more about a day than about a habit."""

LATEST = 4
"""Spans that make the pace to be expected: with a reading a quarter, a year."""

SEASON = 23
"""Days: how far the middle of a span may lie from the same days one year later."""

SCALE, WEIGHT, UNKNOWN = 0.25, 2, 0.6
"""How far meters stray, on logs; how many spans that counts for; and of a meter without any span."""

FREEDOM = 5
"""Of Student's t: a single wild span counts for little."""

EIGHT_OF_TEN = 1.476
"""Of Student's t with five degrees of freedom, how many scales hold eight values of ten."""


def usual_volume(
    history: History, *, since: date, until: date, expected: int | None
) -> tuple[int, int] | None:
    """Return the least and the most impressions this meter usually prints in (since, until].

    :param expected: `estimation.expected_volume` of the same days; None when nobody knows, and then
        nothing is usual

    Rounded outwards to two digits.

    >>> from datetime import timedelta
    >>> values = [0, 900, 2_100, 3_150]
    >>> past = [Reading(date(2021, 1, 5) + n * timedelta(90), v) for n, v in enumerate(values)]
    >>> usual_volume(past, since=date(2021, 10, 2), until=date(2022, 1, 1), expected=1_062)
    (760, 1500)
    >>> usual_volume([], since=date(2022, 1, 5), until=date(2022, 4, 5), expected=None)
    """
    if expected is None:
        return None
    reach = exp(EIGHT_OF_TEN * spread(history, until=since))
    middle = expected + 1
    return _down(max(0.0, middle / reach - 1)), _up(middle * reach - 1)


def spread(history: History, *, until: date) -> float:
    """Return how far a meter's volumes stray from what was to be expected, as a scale of log(volume + 1).

        s² = (w s0² + Σ weight × d²) ÷ (w + n)     weight = (5 + 1) ÷ (5 + d² ÷ s²)

    where d are the deviations of its latest spans: few of them leave it near s0.

    >>> round(spread([], until=date(2022, 1, 5)), 2)
    0.6
    """
    found = _deviations([one for one in metering.real(history) if one.taken_on <= until])
    if not found:
        return UNKNOWN
    prior = SCALE * SCALE
    squares = [one * one for one in found]
    squared = prior
    for _time in range(4):
        heard = sum(one * (FREEDOM + 1) / (FREEDOM + one / squared) for one in squares)
        squared = (WEIGHT * prior + heard) / (WEIGHT + len(squares))
    return sqrt(squared)


def _deviations(readings: Sequence[Reading]) -> list[float]:
    """Of each of the latest spans but the first: how much more was printed than expected, on logs."""
    found: list[float] = []
    middles: list[float] = []
    paces: list[float] = []
    spans = [
        (start.taken_on.toordinal(), days, max(0, end.value - start.value))
        for start, end in pairwise(metering.ordered(readings))
        if start.segment == end.segment
        and (days := (end.taken_on - start.taken_on).days) >= SHORTEST
    ]
    for began, days, volume in spans[-SPANS:]:
        middle = began + days / 2
        if paces:
            found.append(log1p(volume) - log1p(days * _pace(middles, paces, middle)))
        middles.append(middle)
        paces.append(volume / days)
    return found


def _pace(middles: Sequence[float], paces: Sequence[float], middle: float) -> float:
    """The impressions a day to expect: of the latest spans, half by the same season one year earlier."""
    latest = paces[-LATEST:]
    mean = sum(latest) / len(latest)
    for when, pace in zip(reversed(middles), reversed(paces), strict=True):
        if abs(middle - when - 365) <= SEASON:
            return sqrt(mean * pace) or mean
    return mean


def _down(volume: float) -> int:
    unit = _unit(volume)
    return floor(volume / unit) * unit


def _up(volume: float) -> int:
    unit = _unit(volume)
    return ceil(volume / unit) * unit


def _unit(volume: float) -> int:
    """What the second digit counts: 10 of 910, 100 of 1 300."""
    digits = len(str(floor(volume)))
    return int(10 ** max(0, digits - 2))
