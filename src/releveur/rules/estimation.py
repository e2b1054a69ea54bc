"""What a meter shows on a day nobody read it, and the reason in words.

From L, the last real reading, D days are to be filled at a daily volume. The first line that the
meter's past allows decides:

    YEAR      real readings over a year or more: mean of the 365 days before L
    MEAN      two real readings or more: mean daily volume from the first to L
    EXPECTED  monthly volume expected by the contract (VMM) x 12 / 365
    MODEL     median of the meters of the same model
    NOTHING   volume 0, and somebody has to look

    volume = D x daily volume x season x drift x factor
    value  = max(L + round(volume), last billed value of L's segment)

Season: what the meter, and the kin, usually print in these days of the year. Drift: the part of the
latest change that goes on. Factor: how the kin that answered this time differ from what was expected
of them (`nowcast`). They are whole ten-thousandths, stored with the estimate: the same volume comes
out for ever. Fractions until the volume, rounded once, half up, never below 0, never more than the
model can print. Corners: readings after the day asked for are left aside; without a real reading the
last billed index stands for L, and the estimate has no past of its own. Version 1 had for YEAR the
mean of that year and of the same days one year earlier, and nothing more.
docs/rules/estimation.md has the worked numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from statistics import median

import numpy as np

from releveur.rules import curves, metering, season
from releveur.rules.metering import Curve, History, Reading
from releveur.rules.surroundings import NOTHING_KNOWN, WHOLE, Surroundings

__all__ = ["Estimate", "Method", "Surroundings", "estimate", "expected_volume", "iso", "recompute"]

VERSION = 2
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

SHARES = ("season", "drift", "factor")
"""What a daily volume is multiplied by, in ten-thousandths; what is not there changes nothing."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, the impressions since the reading it starts from, and how they were found.

    `low` and `high`: four real values of five are to lie between them.
    """

    value: int
    volume: int
    method: Method
    inputs: Inputs
    low: int
    high: int


def estimate(
    history: History,
    *,
    on: date,
    billed: Reading | None = None,
    monthly_volume: int | None = None,
    model_daily: Fraction | None = None,
    around: Surroundings | None = None,
) -> Estimate:
    """Extend a meter's history to a day nobody read it.

    :param billed: the last index really invoiced; the estimate is never below it in its segment
    :param monthly_volume: impressions a month expected by the contract
    :param model_daily: impressions a day of the meters of the same model, see `model_daily`
    :param around: what its kin and the campaign tell

    >>> estimate(
    ...     [Reading(date(2021, 10, 5), 38_784), Reading(date(2022, 1, 3), 39_684)],
    ...     on=date(2022, 4, 3),
    ... ).value
    40584
    """
    known = _known(history, until=on)
    start = known[-1] if known else billed
    method, rates = _rates(known, monthly_volume=monthly_volume, of_model=model_daily)
    if start is not None:
        rates |= _told(tuple(known), start.taken_on, on, around or NOTHING_KNOWN)
    return extended(start, method, rates, on=on, billed=billed, around=around)


def extended(
    start: Reading | None,
    method: Method,
    rates: Inputs,
    *,
    on: date,
    billed: Reading | None,
    around: Surroundings | None = None,
) -> Estimate:
    """Conclude from where a meter stood last and how it prints to the day asked for.

    :param start: the last real reading, or the last billed index; without either nothing is known
    :param rates: what the method takes its daily volume from, and what that is multiplied by
    """
    if start is None:
        return recompute(Method.NOTHING, {"on": on.isoformat()})
    inputs: Inputs = {
        "on": iso(on),
        "since": iso(start.taken_on),
        "since_value": start.value,
        "since_quality": start.quality.value,
        "days": max(0, (on - start.taken_on).days),
    }
    if billed is not None and billed.segment == start.segment:
        inputs["billed_value"] = billed.value
    inputs |= rates
    if around is not None and around.pages_a_minute is not None:
        most = fullest(around.pages_a_minute, days=int(inputs["days"]))
        if _volume(method, inputs) > most:
            inputs["at_most"] = most
    return _concluded(method, inputs)


def fullest(pages_a_minute: int, *, days: int) -> int:
    """Return the impressions of a device that prints eight hours of each working day.

    >>> fullest(30, days=7)
    72000
    """
    return pages_a_minute * 60 * 8 * (-(-days * 5 // 7))


def recompute(
    method: Method, inputs: Mapping[str, int | str], *, version: int = VERSION
) -> Estimate:
    """Compute an estimate again from what was stored with it, by the rule of that time.

    >>> stored = {"since_value": 39_684, "days": 90, "monthly_volume": 500, "factor": 11_000}
    >>> recompute(Method.EXPECTED, stored).value
    41311
    >>> recompute(Method.EXPECTED, stored, version=1).value
    41163
    """
    if version == 1:
        inputs = {name: value for name, value in inputs.items() if name not in _SINCE_2}
    return _concluded(method, dict(inputs))


def _concluded(method: Method, inputs: Inputs) -> Estimate:
    volume = _volume(method, inputs)
    start = int(inputs.get("since_value", 0))
    floor = int(inputs.get("billed_value", 0))
    low = (volume + 1) * int(inputs.get("lowest", WHOLE)) // WHOLE - 1
    high = -(-(volume + 1) * int(inputs.get("highest", WHOLE)) // WHOLE) - 1
    return Estimate(
        value=max(start + volume, floor),
        volume=volume,
        method=method,
        inputs=inputs,
        low=max(start + max(low, 0), floor),
        high=max(start + high, floor),
    )


_SINCE_2 = {*SHARES, "season_of", "reporters", "lowest", "highest", "at_most"}


def _volume(method: Method, inputs: Mapping[str, int | str]) -> int:
    over, below = daily(method, inputs)
    over *= int(inputs.get("days", 0))
    for share in SHARES:
        if share in inputs:
            over, below = over * int(inputs[share]), below * WHOLE
    volume = max(0, rounded(over, below))
    return min(volume, int(inputs.get("at_most", volume)))


def expected_volume(
    history: History,
    *,
    since: date,
    until: date,
    monthly_volume: int | None,
    around: Surroundings | None = None,
) -> int | None:
    """Return the impressions to expect after `since`, up to `until`; None when nothing is known.

    The estimate's own rule, from the real readings up to `since`: what is likely enough to be
    billed is what a reading is measured against.
    """
    known = _known(history, until=since)
    method, inputs = _rates(known, monthly_volume=monthly_volume, of_model=None)
    if method is Method.NOTHING:
        return None
    begin = known[-1].taken_on if known else since
    inputs |= _told(tuple(known), begin, until, around or NOTHING_KNOWN)
    return _volume(method, inputs | {"days": max(0, (until - since).days)})


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
    known: list[Reading], *, monthly_volume: int | None, of_model: Fraction | None
) -> tuple[Method, Inputs]:
    points = metering.curve(known)
    if (mean := _mean(points)) is not None:
        last = points[-1][0]
        whole = _between(points, last - YEAR, last)
        if whole is not None:
            return Method.YEAR, {"year_daily": str(whole)}
        return Method.MEAN, {"mean_since": points[0][0].isoformat(), "mean_daily": str(mean)}
    return without_a_past(monthly_volume, of_model)


@lru_cache(maxsize=4_000)
def _told(
    known: tuple[Reading, ...], since: date, until: date, around: Surroundings
) -> Mapping[str, int | str]:
    """The shares of one meter, found as those of many are; a page asks for the same ones again."""
    rows = [(one.segment, curves.number_of(one.taken_on), one.value) for one in known]
    segments, days, values = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    lines = curves.draw(np.zeros_like(days), segments, days, values, meters=1)
    last = np.array([curves.number_of(since)])
    seen = season.see(lines, since=last, until=np.array([curves.number_of(until)]))
    return shared(seen, season.Kin([around], np.zeros_like(last)))[0]


def shared(seen: season.Seen, kin: season.Kin) -> list[Inputs]:
    """What daily volumes are multiplied by, and how far their intervals reach, as they are stored."""
    told = season.tell(seen, kin)
    reach = kin.of("reach") * told.spread
    columns = (
        season.shares(told.season), season.shares(told.drift),
        season.shares(-reach), season.shares(reach), seen.years > 0, seen.days > 0, kin.which,
    )  # fmt: skip
    of_kin = [_of_kin(one) for one in kin.those]
    seasoned = [bool(one.season) for one in kin.those]
    return [
        _inputs(of_season, drift, low, high, _SPEAKS[own, seasoned[which]]) | of_kin[which]
        if to_fill
        else {}
        for of_season, drift, low, high, own, to_fill, which in zip(
            *(column.tolist() for column in columns), strict=True
        )
    ]


_SPEAKS = {(True, True): "BOTH", (True, False): "OWN", (False, True): "KIN", (False, False): ""}


def _inputs(of_season: int, drift: int, low: int, high: int, speaks: str) -> Inputs:
    inputs: Inputs = {"lowest": low, "highest": high}
    if of_season != WHOLE:
        inputs["season"], inputs["season_of"] = of_season, speaks
    if drift != WHOLE:
        inputs["drift"] = drift
    return inputs


def _of_kin(around: Surroundings) -> Inputs:
    if around.factor == 1:
        return {}
    return {"factor": int(around.factor * WHOLE), "reporters": around.reporters}


def without_a_past(monthly_volume: int | None, of_model: Fraction | None) -> tuple[Method, Inputs]:
    """Choose for a meter that no two real readings speak for."""
    if monthly_volume is not None:
        return Method.EXPECTED, {"monthly_volume": monthly_volume}
    if of_model is not None:
        return Method.MODEL, {"model_daily": str(of_model)}
    return Method.NOTHING, {}


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


iso = lru_cache(maxsize=4_000)(date.isoformat)
"""A day as it is stored; many meters were read on the same few."""


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
