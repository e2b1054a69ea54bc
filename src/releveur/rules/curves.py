"""The counts of many meters at once, in arrays: what `metering.curve` and `metering.index_at` say of one.

A close looks at hundreds of thousands of meters. Here they stand side by side, one meter's points after
another's, and a question is put to all of them at a time. Whole numbers throughout: a value between two
readings is a fraction with the days between them below.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

FIRST_DAY = date(2000, 1, 1)
"""Days are counted from it, as PostgreSQL counts them."""

type Whole = NDArray[np.int64]
type Truth = NDArray[np.bool_]

_DAY_BITS = 22
"""Days of four thousand years and more, so that a place and a day make one number to look up."""

_LARGEST = float(2**62)


def number_of(day: date) -> int:
    """The number of a day.

    >>> number_of(date(2000, 1, 31)), day_of(30).isoformat()
    (30, '2000-01-31')
    """
    return day.toordinal() - FIRST_DAY.toordinal()


@lru_cache(maxsize=10_000)
def day_of(number: int) -> date:
    """The day of a number; many meters are read on the same few."""
    return date.fromordinal(FIRST_DAY.toordinal() + number)


@dataclass(frozen=True, slots=True)
class Ratios:
    """A fraction for each meter, in lowest terms; where it is not `known`, 0 / 1.

    `too_large`: the numbers would not fit; count these by `metering`.
    """

    numerators: Whole
    denominators: Whole
    known: Truth
    too_large: Truth


@dataclass(frozen=True)
class Curves:
    """The points of many meters: `starts` says where each meter's begin, and where the last one's end."""

    starts: Whole
    days: Whole
    counts: Whole

    @cached_property
    def are_drawn(self) -> Truth:
        """Which meters have a point at all."""
        return self.starts[1:] > self.starts[:-1]

    @cached_property
    def first(self) -> Whole:
        """The first day of each meter that is drawn; of others, day 0."""
        return self._day(self.starts[:-1])

    @cached_property
    def last(self) -> Whole:
        """The last day of each meter that is drawn; of others, day 0."""
        return self._day(self.starts[1:] - 1)

    def count_at(self, day: Whole) -> NDArray[np.float64]:
        """Each meter's count at its day, from its first reading on; nearly, and 0 where nobody knows.

        :param day: of each meter, or several rows of such days
        """
        over, below, _known = self._at(day)
        count: NDArray[np.float64] = over / below
        return count

    def daily(self, since: Whole, until: Whole) -> Ratios:
        """Impressions a day in (since, until] of each meter, as `estimation.daily_volume`."""
        low, low_below, starts_inside = self._at(since)
        high, high_below, ends_inside = self._at(until)
        known = starts_inside & ends_inside & (since < until)
        days = np.where(known, until - since, 1)
        over, below = high * low_below - low * high_below, high_below * low_below * days
        largest = np.maximum(
            np.abs(high).astype(float) * low_below, np.abs(low).astype(float) * high_below
        )
        too_large = known & (np.maximum(largest, below.astype(float)) > _LARGEST)
        exact = known & ~too_large
        over, below = np.where(exact, over, 0), np.where(exact, below, 1)
        common = np.gcd(over, below)
        return Ratios(over // common, below // common, known, too_large)

    def _at(self, day: Whole) -> tuple[Whole, Whole, Truth]:
        """Each meter's count at its day, from its first one on: numerator, denominator, whether it is known."""
        wanted = _keys(np.arange(day.shape[-1]), day)
        before = np.searchsorted(self._lookup, wanted, side="right") - 1
        after = np.searchsorted(self._lookup, wanted, side="left")
        known = (before >= self.starts[:-1]) & (after < self.starts[1:])
        before, after = np.where(known, before, 0), np.where(known, after, 0)
        if not len(self.days):
            return np.zeros_like(day), np.ones_like(day), known
        base = self._base
        low, gap = self.counts[before], self.days[after] - self.days[before]
        below = np.maximum(gap, 1)
        passed = np.where(gap > 0, day - self.days[before], 0)
        over = (low - base) * below + (self.counts[after] - low) * passed
        return np.where(known, over, 0), np.where(known, below, 1), known

    @cached_property
    def _base(self) -> Whole:
        return self.counts[np.minimum(self.starts[:-1], len(self.counts) - 1)]

    @cached_property
    def _lookup(self) -> Whole:
        places = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        return _keys(places, self.days)

    def _day(self, points: Whole) -> Whole:
        days = np.zeros(len(points), dtype=np.int64)
        days[self.are_drawn] = self.days[points[self.are_drawn]]
        return days


def draw(places: Whole, segments: Whole, days: Whole, values: Whole, *, meters: int) -> Curves:
    """Draw the real readings of many meters, as `metering.curve` draws those of one.

    :param places: which meter each reading is of: 0, 1, … `meters` - 1. The readings come by meter,
        segment and day; of several on a day the last one counts
    :param days: counted from any day on, none before it

    Two meters, the second with a new board on day 46:

    >>> lines = draw(
    ...     np.array([0, 0, 1, 1, 1, 1]),
    ...     np.array([1, 1, 1, 1, 2, 2]),
    ...     np.array([0, 90, 0, 46, 46, 90]),
    ...     np.array([38_784, 39_684, 39_684, 40_500, 125, 980]),
    ...     meters=2,
    ... )
    >>> found = lines.daily(lines.first, lines.last)
    >>> found.numerators.tolist(), found.denominators.tolist()
    ([10, 557], [1, 30])
    """
    counts = _counts(places, segments, values)
    # By day, the order that they came in decides at a tie; the last of a day stays.
    order = np.lexsort((days, places))
    places, days, counts = places[order], days[order], counts[order]
    keys = _keys(places, days)
    stays = np.append(keys[1:] != keys[:-1], True)[: len(keys)]
    starts = np.searchsorted(places[stays], np.arange(meters + 1))
    return Curves(starts.astype(np.int64), days[stays], counts[stays])


def _counts(places: Whole, segments: Whole, values: Whole) -> Whole:
    """The count that goes on: a segment takes it up where the one before left it."""
    if not len(values):
        return values
    other_meter = np.append(True, places[1:] != places[:-1])
    goes_on = ~other_meter & np.append(False, segments[1:] == segments[:-1])
    steps = np.where(goes_on, np.diff(values, prepend=0), 0)
    run = np.cumsum(steps)
    firsts = np.flatnonzero(other_meter)
    lengths = np.diff(np.append(firsts, len(values)))
    counts: Whole = run + np.repeat(values[firsts] - run[firsts], lengths)
    return counts


def _keys(places: Whole, days: Whole) -> Whole:
    return (places << _DAY_BITS) + days
