"""The estimates of many meters at a time: `estimation.estimate`, its inputs found in arrays.

What decides and counts is the same for one and for many (`estimation.extended`); only the looking up
in the past, which takes most of the time, is done for all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache

import numpy as np

from releveur.rules import curves, estimation
from releveur.rules.curves import Ratios, Truth, Whole
from releveur.rules.estimation import Estimate, Inputs, Method
from releveur.rules.metering import Quality, Reading

FIRST_DAY = date(2000, 1, 1)
"""Days are counted from it, as PostgreSQL counts them."""

_YEAR = estimation.YEAR.days


@dataclass(frozen=True, slots=True)
class Past:
    """The real readings of many meters: by meter, segment and day, those of one day as they were written."""

    places: Whole
    segments: Whole
    days: Whole
    values: Whole
    agreed: Truth

    def where(self, kept: Truth) -> Past:
        """Some of these readings."""
        return Past(
            self.places[kept],
            self.segments[kept],
            self.days[kept],
            self.values[kept],
            self.agreed[kept],
        )

    def readings(self, rows: slice | Whole = slice(None)) -> list[Reading]:
        """Some of these readings, as `estimation.estimate` takes them."""
        columns = (self.days, self.values, self.agreed, self.segments)
        return [
            Reading(_date(day), value, Quality.AGREED if agreed else Quality.ACTUAL, segment)
            for day, value, agreed, segment in zip(
                *(column[rows].tolist() for column in columns), strict=True
            )
        ]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The day for which a value is wanted, and what stands beside the meter's readings."""

    on: date
    billed: Reading | None = None
    monthly_volume: int | None = None


def estimate_many(
    past: Past, wanted: Sequence[Wanted], *, model_daily: Callable[[int], Fraction | None]
) -> list[Estimate]:
    """Extend the history of each meter to its day, as `estimation.estimate` does for one.

    :param wanted: of each place in `past`, in their order
    :param model_daily: impressions a day of the meters of the same model, for a place; asked only
        where a meter has neither a past of its own nor an expected volume

    >>> read = {"places": [0, 0], "segments": [1, 1], "days": [0, 90], "values": [38_784, 39_684]}
    >>> past = Past(**{name: np.array(one) for name, one in read.items()}, agreed=np.zeros(2, bool))
    >>> wanted = [Wanted(date(2000, 6, 29)), Wanted(date(2000, 6, 29))]
    >>> [found.value for found in estimate_many(past, wanted, model_daily=lambda place: None)]
    [40584, 0]
    """
    on = np.array([(one.on - FIRST_DAY).days for one in wanted], dtype=np.int64)
    known = past.where(past.days <= on[past.places])
    bounds = np.searchsorted(known.places, np.arange(len(wanted) + 1))
    starts = _last_of_each(known, bounds)
    rates = _Rates.of(known, on)
    estimates = []
    for place, (one, start) in enumerate(zip(wanted, starts, strict=True)):
        if rates.too_large[place]:
            mine = known.readings(slice(bounds[place], bounds[place + 1]))
            estimates.append(estimation.estimate(mine, on=one.on, billed=one.billed))
            continue
        found = rates.at(place) or _without_a_past(one, place, model_daily)
        estimates.append(
            estimation.extended(start or one.billed, *found, on=one.on, billed=one.billed)
        )
    return estimates


def _without_a_past(
    one: Wanted, place: int, model_daily: Callable[[int], Fraction | None]
) -> tuple[Method, Inputs]:
    of_model = model_daily(place) if one.monthly_volume is None else None
    return estimation.without_a_past(one.monthly_volume, of_model)


def _last_of_each(known: Past, bounds: Whole) -> list[Reading | None]:
    """Where each meter stood last; nothing of those that nobody ever read."""
    some = bounds[1:] > bounds[:-1]
    lasts = iter(known.readings(bounds[1:][some] - 1))
    return [next(lasts) if read else None for read in some.tolist()]


@dataclass(frozen=True, slots=True)
class _Rates:
    """The daily volumes that each meter's past allows, written as they are stored."""

    since: list[int]
    mean: list[str | None]
    year: list[str | None]
    same_days: list[str | None]
    too_large: list[bool]

    @classmethod
    def of(cls, known: Past, on: Whole) -> _Rates:
        lines = curves.draw(known.places, known.segments, known.days, known.values, meters=len(on))
        a_year_before = lines.last - _YEAR
        mean = lines.daily(lines.first, lines.last)
        year = lines.daily(a_year_before, lines.last)
        same_days = lines.daily(a_year_before, on - _YEAR)
        too_large = mean.too_large | year.too_large | same_days.too_large
        return cls(
            lines.first.tolist(), _texts(mean), _texts(year), _texts(same_days), too_large.tolist()
        )

    def at(self, place: int) -> tuple[Method, Inputs] | None:
        """The method of a meter with two real readings, and what it rests on."""
        mean, year, same_days = self.mean[place], self.year[place], self.same_days[place]
        if mean is None:
            return None
        if year is None:
            since = _date(self.since[place]).isoformat()
            return Method.MEAN, {"mean_since": since, "mean_daily": mean}
        if same_days is None:
            return Method.YEAR, {"year_daily": year}
        return Method.YEAR, {"year_daily": year, "same_days_daily": same_days}


def _texts(found: Ratios) -> list[str | None]:
    return [
        (f"{over}/{below}" if below > 1 else str(over)) if known else None
        for over, below, known in zip(
            found.numerators.tolist(),
            found.denominators.tolist(),
            found.known.tolist(),
            strict=True,
        )
    ]


@lru_cache(maxsize=10_000)
def _date(day: int) -> date:
    return date.fromordinal(FIRST_DAY.toordinal() + day)
