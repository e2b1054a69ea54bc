"""How regularly a meter prints: the scale of log(volume + 1) around what was to be expected.

    s² = (w s0² + Σ weight × residual²) / (w + n)

over the latest spans between real readings, each measured against the spans before it (the mean of
the latest four, and the same season a year earlier); a residual far outside counts less, as in the
Student-t it is used with. w and s0 are the priors' `weight` and `scale`: a meter without a past is
known by less: `unlearned`. docs/rules/validation.md has the worked numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from math import log1p, sqrt
from statistics import median

from releveur.rules import metering
from releveur.rules.metering import History
from releveur.rules.priors import PRIORS, Priors

SPANS = 12
"""The latest spans that speak."""

SHORTEST = 14
"""Days: a shorter span says more about a day than about a habit."""

SEASON = 23
"""Days: how far the middle of a span may lie from the same season a year earlier."""

type Span = tuple[float, int, float]
"""The middle of a span as a day's ordinal, its days, its impressions a day."""


def spread(history: History, *, until: date | None = None, priors: Priors = PRIORS) -> float:
    """Return the scale of log(volume + 1) of a meter around what is expected of it.

    :param history: real and estimated readings in any order; only real ones speak
    :param until: leaves later readings aside

    >>> from datetime import timedelta
    >>> from releveur.rules.metering import Reading
    >>> values = [0, 900, 1_800, 2_700, 3_600]
    >>> past = [Reading(date(2021, 1, 5) + n * timedelta(90), value) for n, value in enumerate(values)]
    >>> round(spread(past), 2), spread([])
    (0.16, 0.6)
    """
    known = [one for one in history if until is None or one.taken_on <= until]
    return scale(residuals(known), priors)


def residuals(history: History) -> list[float]:
    """Return how far each of the latest spans lay from what the spans before it let expect, on logs."""
    spans = _spans(metering.ordered(metering.real(history)))
    return [
        log1p(days * pace) - log1p(days * awaited)
        for n, (middle, days, pace) in enumerate(spans)
        if (awaited := _awaited(spans[:n], middle)) is not None
    ]


def scale(found: Sequence[float], priors: Priors) -> float:
    """Shrink the scale of some residuals to the fleet's.

    >>> round(scale([0.1, -0.1, 0.1, -0.1], PRIORS), 3), scale([], PRIORS)
    (0.168, 0.6)
    """
    freedom, own = priors.freedom, priors.scale**2
    if not found:
        return priors.unlearned
    squared = own
    for _round in range(4):
        weighed = sum((freedom + 1) * r * r / (freedom + r * r / squared) for r in found)
        squared = (priors.weight * own + weighed) / (priors.weight + len(found))
    return sqrt(squared)


def typical(found: Iterable[float]) -> float | None:
    """Return the robust scale of many meters' residuals: a fleet's own `Priors.scale`.

    >>> typical([0.2, -0.2, 0.2, -0.2])
    0.27527
    """
    sizes = [abs(one) for one in found]
    return 1.37635 * median(sizes) if sizes else None


def _spans(readings: Sequence[metering.Reading]) -> list[Span]:
    found = []
    for start, end in pairwise(readings):
        days = (end.taken_on - start.taken_on).days
        if start.segment == end.segment and days >= SHORTEST:
            middle = start.taken_on.toordinal() + days / 2
            found.append((middle, days, max(0, end.value - start.value) / days))
    return found[-SPANS:]


def _awaited(before: Sequence[Span], middle: float) -> float | None:
    if not before:
        return None
    latest = [pace for _middle, _days, pace in before[-4:]]
    mean = sum(latest) / len(latest)
    same = [pace for when, _days, pace in before if abs(middle - when - 365) <= SEASON]
    return sqrt(mean * same[-1]) if same and mean and same[-1] else mean
