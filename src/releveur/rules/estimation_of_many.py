"""The estimates of many meters at a time: `estimation.estimate`, its inputs found in arrays.

What decides and counts is the same for one and for many (`estimation.extended`); only the looking up
in the past, which takes most of the time, is done for all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from releveur.rules import curves, estimation, season
from releveur.rules.curves import Curves, Ratios, Truth, Whole
from releveur.rules.estimation import Estimate, Inputs, Method
from releveur.rules.metering import Quality, Reading
from releveur.rules.surroundings import NOTHING_KNOWN, Surroundings

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

    def lines(self, *, meters: int) -> Curves:
        """The curve of each of so many meters."""
        return curves.draw(self.places, self.segments, self.days, self.values, meters=meters)

    def readings(self, rows: slice | Whole = slice(None)) -> list[Reading]:
        """Some of these readings, as `estimation.estimate` takes them."""
        columns = (self.days, self.values, self.agreed, self.segments)
        return [
            Reading(
                curves.day_of(day), value, Quality.AGREED if agreed else Quality.ACTUAL, segment
            )
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
    past: Past,
    wanted: Sequence[Wanted],
    *,
    model_daily: Callable[[int], Fraction | None],
    around: Sequence[Surroundings | None] = (),
) -> list[Estimate]:
    """Extend the history of each meter to its day, as `estimation.estimate` does for one.

    :param wanted: of each place in `past`, in their order
    :param model_daily: impressions a day of the meters of the same model, for a place; asked only
        where a meter has neither a past of its own nor an expected volume
    :param around: what the kin and the campaign tell, for each place; empty: of nobody

    >>> read = {"places": [0, 0], "segments": [1, 1], "days": [0, 90], "values": [38_784, 39_684]}
    >>> past = Past(**{name: np.array(one) for name, one in read.items()}, agreed=np.zeros(2, bool))
    >>> wanted = [Wanted(date(2000, 6, 29)), Wanted(date(2000, 6, 29))]
    >>> [found.value for found in estimate_many(past, wanted, model_daily=lambda place: None)]
    [40584, 0]
    """
    on = np.array([curves.number_of(one.on) for one in wanted], dtype=np.int64)
    known = past.where(past.days <= on[past.places])
    bounds = np.searchsorted(known.places, np.arange(len(wanted) + 1))
    lasts = _last_of_each(known, bounds)
    starts = [last or one.billed for last, one in zip(lasts, wanted, strict=True)]
    lines = known.lines(meters=len(on))
    rates = _Rates.of(lines)
    surroundings = around or [None] * len(wanted)
    shares = _shares(lines, starts, on, surroundings)
    estimates = []
    for place, (one, start, nearby) in enumerate(zip(wanted, starts, surroundings, strict=True)):
        if rates.too_large[place]:
            mine = known.readings(slice(bounds[place], bounds[place + 1]))
            estimates.append(estimation.estimate(mine, on=one.on, billed=one.billed, around=nearby))
            continue
        method, inputs = rates.at(place) or _without_a_past(one, place, model_daily)
        if start is not None:
            inputs |= shares[place]
        estimates.append(
            estimation.extended(start, method, inputs, on=one.on, billed=one.billed, around=nearby)
        )
    return estimates


def _shares(
    lines: Curves,
    starts: Sequence[Reading | None],
    on: Whole,
    around: Sequence[Surroundings | None],
) -> list[Inputs]:
    """What each meter's daily volume is multiplied by."""
    if not len(on):
        return []
    days = [curves.number_of(start.taken_on) if start else 0 for start in starts]
    since = np.array(days, dtype=np.int64)
    those = list({id(one): one or NOTHING_KNOWN for one in around}.values())
    places = {key: number for number, key in enumerate(dict.fromkeys(map(id, around)))}
    kin = season.Kin(those, np.array([places[id(one)] for one in around], dtype=np.int64))
    return estimation.shared(season.see(lines, since=since, until=on), kin)


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
    too_large: list[bool]

    @classmethod
    def of(cls, lines: Curves) -> _Rates:
        mean = lines.daily(lines.first, lines.last)
        year = lines.daily(lines.last - _YEAR, lines.last)
        too_large = mean.too_large | year.too_large
        return cls(lines.first.tolist(), _texts(mean), _texts(year), too_large.tolist())

    def at(self, place: int) -> tuple[Method, Inputs] | None:
        """The method of a meter with two real readings, and what it rests on."""
        mean, year = self.mean[place], self.year[place]
        if mean is None:
            return None
        if year is None:
            since = curves.day_of(self.since[place]).isoformat()
            return Method.MEAN, {"mean_since": since, "mean_daily": mean}
        return Method.YEAR, {"year_daily": year}


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
