"""What a meter shows on a day nobody read it, and the reason in words.

From L, the last real reading, D days are to be filled at a daily volume. The first line that the
meter's past allows decides:

    YEAR      real readings over a year or more: mean of the 365 days before L and of the same days
              one year earlier, (L, day] - 365 days
    MEAN      two real readings or more: mean daily volume from the first to L
    EXPECTED  monthly volume expected by the contract (VMM) x 12 / 365
    MODEL     median of the meters of the same model
    NOTHING   volume 0, and somebody has to look

    value = max(L + round(D x daily volume), last billed value of L's segment)

Fractions until the volume, rounded once, half up, never below 0. Corners: readings after the day
asked for are left aside; more than 365 days after L nobody read the same days one year earlier, so
the last year speaks alone; without a real reading the last billed index stands for L, and the
estimate has no past of its own. docs/rules/estimation.md has the worked numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from statistics import median

from releveur.rules import metering
from releveur.rules.metering import Curve, History, Reading

VERSION = 1
YEAR = timedelta(days=365)
FEWEST_OF_A_MODEL = 5


class Method(StrEnum):
    """Where the daily volume comes from, best first."""

    YEAR = "YEAR"
    MEAN = "MEAN"
    EXPECTED = "EXPECTED"
    MODEL = "MODEL"
    NOTHING = "NOTHING"


type Ratio = tuple[int, int]
"""A fraction: numerator and denominator, the latter above 0; not always in lowest terms."""

type Inputs = dict[str, int | str]
"""What the estimate was computed from: integers, days as ISO texts, daily volumes as fractions."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, the impressions since the reading it starts from, and how they were found."""

    value: int
    volume: int
    method: Method
    inputs: Inputs


def estimate(
    history: History,
    *,
    on: date,
    billed: Reading | None = None,
    monthly_volume: int | None = None,
    model_daily: Fraction | None = None,
) -> Estimate:
    """Extend a meter's history to a day nobody read it.

    :param billed: the last index really invoiced; the estimate is never below it in its segment
    :param monthly_volume: impressions a month expected by the contract
    :param model_daily: impressions a day of the meters of the same model, see `model_daily`

    >>> estimate(
    ...     [Reading(date(2021, 10, 5), 38_784), Reading(date(2022, 1, 3), 39_684)],
    ...     on=date(2022, 4, 3),
    ... ).value
    40584
    """
    known = _known(history, until=on)
    start = known[-1] if known else billed
    rates = _rates(known, until=on, monthly_volume=monthly_volume, of_model=model_daily)
    return extended(start, *rates, on=on, billed=billed)


def extended(
    start: Reading | None, method: Method, rates: Inputs, *, on: date, billed: Reading | None
) -> Estimate:
    """Conclude from where a meter stood last and how it prints to the day asked for.

    :param start: the last real reading, or the last billed index; without either nothing is known
    :param rates: what the method takes its daily volume from
    """
    if start is None:
        return recompute(Method.NOTHING, {"on": on.isoformat()})
    inputs: Inputs = {
        "on": on.isoformat(),
        "since": start.taken_on.isoformat(),
        "since_value": start.value,
        "since_quality": start.quality.value,
        "days": max(0, (on - start.taken_on).days),
    }
    if billed is not None and billed.segment == start.segment:
        inputs["billed_value"] = billed.value
    return recompute(method, inputs | rates)


def recompute(method: Method, inputs: Mapping[str, int | str]) -> Estimate:
    """Compute an estimate again from what was stored with it.

    >>> stored = {"since_value": 39_684, "days": 90, "monthly_volume": 500}
    >>> recompute(Method.EXPECTED, stored).value
    41163
    """
    over, below = daily(method, inputs)
    volume = max(0, rounded(over * int(inputs.get("days", 0)), below))
    reached = int(inputs.get("since_value", 0)) + volume
    value = max(reached, int(inputs.get("billed_value", reached)))
    return Estimate(value, volume, method, dict(inputs))


def expected_volume(
    history: History, *, since: date, until: date, monthly_volume: int | None
) -> int | None:
    """Return the impressions to expect after `since`, up to `until`; None when nothing is known.

    The estimate's own rule, from the real readings up to `since`: what is likely enough to be
    billed is what a reading is measured against.
    """
    known = _known(history, until=since)
    method, rates = _rates(known, until=until, monthly_volume=monthly_volume, of_model=None)
    if method is Method.NOTHING:
        return None
    over, below = daily(method, rates)
    return max(0, rounded(over * (until - since).days, below))


def daily_volume(history: History, since: date, until: date) -> Fraction | None:
    """Return the impressions a day in (since, until], on the line through the real readings.

    None where the real readings do not reach over all of it, and for no day at all.
    """
    return _between(metering.curve(history), since, until)


def model_daily(histories: Iterable[History]) -> Fraction | None:
    """Return the median of the mean daily volumes; None when fewer than 5 meters have one."""
    means = (_mean(metering.curve(history)) for history in histories)
    known = [mean for mean in means if mean is not None]
    return median(known) if len(known) >= FEWEST_OF_A_MODEL else None


def _known(history: History, *, until: date) -> list[Reading]:
    known = [reading for reading in metering.real(history) if reading.taken_on <= until]
    return metering.ordered(known)


def _rates(
    known: list[Reading], *, until: date, monthly_volume: int | None, of_model: Fraction | None
) -> tuple[Method, Inputs]:
    points = metering.curve(known)
    if (mean := _mean(points)) is not None:
        over_a_year = _year(points, until)
        if over_a_year:
            return Method.YEAR, over_a_year
        return Method.MEAN, {"mean_since": points[0][0].isoformat(), "mean_daily": str(mean)}
    return without_a_past(monthly_volume, of_model)


def without_a_past(monthly_volume: int | None, of_model: Fraction | None) -> tuple[Method, Inputs]:
    """Choose for a meter that no two real readings speak for."""
    if monthly_volume is not None:
        return Method.EXPECTED, {"monthly_volume": monthly_volume}
    if of_model is not None:
        return Method.MODEL, {"model_daily": str(of_model)}
    return Method.NOTHING, {}


def _year(points: Curve, until: date) -> Inputs:
    last = points[-1][0]
    whole = _between(points, last - YEAR, last)
    if whole is None:
        return {}
    inputs: Inputs = {"year_daily": str(whole)}
    same = _between(points, last - YEAR, until - YEAR)
    if same is not None:
        inputs["same_days_daily"] = str(same)
    return inputs


def _mean(points: Curve) -> Fraction | None:
    return _between(points, points[0][0], points[-1][0]) if points else None


def _between(points: Curve, since: date, until: date) -> Fraction | None:
    start, end = metering.index_at(points, since), metering.index_at(points, until)
    if start is None or end is None or since >= until:
        return None
    return (end - start) / (until - since).days


def daily(method: Method, inputs: Mapping[str, int | str]) -> Ratio:
    """Return the impressions a day that an estimate counts with, from what was stored with it.

    >>> daily(Method.YEAR, {"year_daily": "6084/365", "same_days_daily": "50/3"})
    (36502, 2190)
    """
    match method:
        case Method.YEAR if "same_days_daily" in inputs:
            whole, whole_below = ratio(inputs["year_daily"])
            same, same_below = ratio(inputs["same_days_daily"])
            return whole * same_below + same * whole_below, 2 * whole_below * same_below
        case Method.YEAR:
            return ratio(inputs["year_daily"])
        case Method.MEAN:
            return ratio(inputs["mean_daily"])
        case Method.EXPECTED:
            return int(inputs["monthly_volume"]) * 12, 365
        case Method.MODEL:
            return ratio(inputs["model_daily"])
        case Method.NOTHING:
            return 0, 1


@lru_cache(maxsize=1_000)
def ratio(text: int | str) -> Ratio:
    """Read a fraction as it is stored: `900/91`, or `10`.

    An estimate and its words, in two languages, look at the same few.
    """
    over, _slash, below = str(text).partition("/")
    return int(over), int(below or 1)


def rounded(numerator: int, denominator: int) -> int:
    """Half up."""
    return (2 * numerator + denominator) // (2 * denominator)
