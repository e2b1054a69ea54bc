"""Readings of a meter, and the impressions between them.

A *value* is what the display shows. An *impression* is one side of one sheet. A *segment* is one
life of a register: a new board, a reset or a rollover opens the next one. The segment before ends
with its last real reading (a rollover: with one of 10^digits), the next starts with its own first
one, so that the count goes on:

    impressions = sum over segments of (last value - first value)

Only real readings bound a segment and draw the curve. An estimate is a wish: it may be billed, it
never becomes a fact. docs/rules/metering.md has the worked numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, groupby, pairwise
from operator import attrgetter


class Quality(StrEnum):
    """How a value came to be known."""

    ACTUAL = "ACTUAL"
    ESTIMATED = "ESTIMATED"
    AGREED = "AGREED"

    @property
    def is_real(self) -> bool:
        """Whether volumes may rest on it: an agreement settles a value for both sides."""
        return self is not Quality.ESTIMATED


@dataclass(frozen=True, slots=True)
class Reading:
    """What a meter showed on a day, or is thought to have shown."""

    taken_on: date
    value: int
    quality: Quality = Quality.ACTUAL
    segment: int = 1


type History = Sequence[Reading]
"""Real and estimated readings of one meter, in any order."""

type Curve = Sequence[tuple[date, int]]
"""Days in ascending order, each with the count that goes on over segments."""


type Weights = Callable[[Curve, Sequence[date]], Sequence[int] | Sequence[Fraction]]
"""How the impressions between two real readings lie: of each part between two cuts, its share.

Called with the line through the real readings and the cuts, both ends among them.
"""


def by_days(points: Curve, cuts: Sequence[date]) -> list[int]:
    """As much on one day as on another.

    >>> by_days([], [date(2022, 1, 5), date(2022, 4, 5), date(2022, 7, 5)])
    [90, 91]
    """
    return [(until - since).days for since, until in pairwise(cuts)]


@dataclass(frozen=True, slots=True)
class Corrected:
    """A period that was billed on an estimate, and what was printed in it as far as is known now."""

    since: date
    until: date
    billed: int
    printed: int

    @property
    def difference(self) -> int:
        """What it adds to the regularisation; below 0 where too much was billed."""
        return self.printed - self.billed


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a new reading makes the customer owe, in impressions.

    `since` is the reading that `net` runs from. `first` is the anomaly « premier relevé »: nothing
    stands before the new reading, so nothing can be billed on it. `periods` are those that the
    regularisation corrects, oldest first: their differences add up to it.
    """

    net: int
    of_this_period: int
    regularisation: int
    since: Reading | None
    first: bool = False
    periods: tuple[Corrected, ...] = ()


def ordered(readings: Iterable[Reading]) -> list[Reading]:
    """Sort by segment, then day, a real reading after an estimate of the same day."""
    return sorted(readings, key=lambda one: (one.segment, one.taken_on, one.quality.is_real))


def real(history: Iterable[Reading]) -> list[Reading]:
    """Keep what was read or agreed, leave the estimates; the order stays."""
    return [reading for reading in history if reading.quality.is_real]


def last_real(history: History, *, until: date | None = None) -> Reading | None:
    """Return the latest real reading, taken on `until` or before when that is given."""
    known = [one for one in real(history) if until is None or one.taken_on <= until]
    return ordered(known)[-1] if known else None


def net(start: Reading, end: Reading, history: History) -> int:
    """Count the impressions between two points, over segments; negative where a value went down.

    :param history: holds the readings that bound the segments; `start` and `end` may be missing. A
        `start` that is missing was billed and then withdrawn: its segment ends where somebody read it

    The counter of a new board starts at 125 on the day the old one stood at 40 500:

    >>> swap = date(2022, 2, 20)
    >>> old, new = Reading(date(2022, 1, 5), 39_684), Reading(date(2022, 4, 5), 980, segment=2)
    >>> net(old, new, [old, Reading(swap, 40_500), Reading(swap, 125, segment=2), new])
    1671
    """
    offsets = _offsets([*history, _as_a_guess(start), end])
    return end.value + offsets[end.segment] - start.value - offsets[start.segment]


def curve(history: History) -> Curve:
    """Draw the real readings of a meter as one rising count, a point a day."""
    return _curve(history, _offsets(history))


def index_at(points: Curve, day: date) -> Fraction | None:
    """Interpolate a curve at a day; None outside of it.

    >>> index_at([(date(2022, 1, 1), 100), (date(2022, 1, 4), 200)], date(2022, 1, 2))
    Fraction(400, 3)
    """
    around = _around(points, day)
    if around is None:
        return None
    (start, low), (end, high) = around
    if start == end:
        return Fraction(low)
    return low + Fraction((high - low) * (day - start).days, (end - start).days)


def split(total: int, shares: Sequence[int] | Sequence[Fraction]) -> list[int]:
    """Cut a volume into whole impressions in proportion to days, or other shares; the parts add up exactly.

    Largest remainder (Hamilton): everybody gets the whole part of his share, what is left goes one
    by one to the largest fractions, at a tie to the earlier part. A negative total is cut as the
    positive one.

    :raises ValueError: no day at all, or a negative number of them

    >>> split(2316, [90, 91])
    [1152, 1164]
    >>> split(-2316, [90, 91])
    [-1152, -1164]
    """
    whole = sum(shares)
    if whole <= 0 or min(shares) < 0:
        raise ValueError(f"a volume cannot be cut over {list(shares)} days")
    sign = -1 if total < 0 else 1
    parts, remainders = zip(*(divmod(abs(total) * share, whole) for share in shares), strict=True)
    left = abs(total) - sum(parts)
    largest = sorted(range(len(shares)), key=lambda part: -remainders[part])[:left]
    return [sign * (int(size) + (part in largest)) for part, size in enumerate(parts)]


def settle(
    new: Reading,
    *,
    billed: Sequence[Reading],
    history: History,
    installed: Reading | None = None,
    weights: Weights = by_days,
) -> Settlement:
    """Turn a new reading into impressions to bill: of this period, and regularised.

    net = new value - last billed value. The regularisation corrects what was billed on an estimate:
    I(b) - billed value, where b is the last billed day and I(b) what the meter must have shown
    then, in whole impressions on the line between the nearest real readings around b. Without a
    real reading on both sides it is 0. What remains of net is of this period.

    :param billed: the indexes really invoiced, oldest first; the line is cut at each of their days
    :param history: real and estimated readings, with or without `new`
    :param installed: what net runs from when nothing was billed yet; else the first real reading
    :param weights: how the impressions between two real readings lie: by days, or by another rule

    Estimated at 41 184 for 5 April, read 42 000 on 5 July:

    >>> known = [Reading(date(2022, 1, 5), 39_684)]
    >>> guess = Reading(date(2022, 4, 5), 41_184, Quality.ESTIMATED)
    >>> due = settle(Reading(date(2022, 7, 5), 42_000), billed=[*known, guess], history=known)
    >>> due.net, due.of_this_period, due.regularisation
    (816, 1164, -348)
    """
    since = billed[-1] if billed else _beginning(new, history, installed)
    if since is None:
        return Settlement(0, 0, 0, since=None, first=True)
    volume = net(since, new, history)
    periods = corrected(billed, [*history, new], weights=weights) or ()
    late = sum(one.difference for one in periods)
    return Settlement(volume, volume - late, late, since, periods=periods)


def corrected(
    billed: Sequence[Reading], history: History, *, weights: Weights = by_days
) -> tuple[Corrected, ...] | None:
    """Split the periods billed on estimates again, at what was really printed.

    From the last real reading before the last billed day on. A period that began earlier counts from
    where it began: what was settled of it stands, what was not goes with it.

    :returns: oldest first; nothing where what was billed last was right; None where no real reading
        stands on both sides, so that nobody knows yet

    >>> known = [Reading(date(2022, 1, 5), 39_684), Reading(date(2022, 7, 5), 42_000)]
    >>> guess = Reading(date(2022, 4, 5), 41_184, Quality.ESTIMATED)
    >>> [(one.billed, one.printed) for one in corrected([known[0], guess], known) or ()]
    [(1500, 1152)]
    """
    if not billed:
        return None
    last = billed[-1]
    offsets = _offsets([*history, _as_a_guess(last)])
    points = _curve(history, offsets)
    if _around(points, last.taken_on) is None:
        return None
    said = {
        one.taken_on: one.value + offsets[one.segment] for one in billed if one.segment in offsets
    }
    if last.quality.is_real and (last.taken_on, said[last.taken_on]) in points:
        return ()
    line = _Line(points, {one.taken_on for one in billed}, weights)
    return tuple(_split_again(line, said, last.taken_on))


def _beginning(new: Reading, history: History, installed: Reading | None) -> Reading | None:
    if installed is not None and installed != new:
        return installed
    known = ordered([*real(history), new])
    return known[0] if known[0] != new else None


def _split_again(line: _Line, said: Mapping[date, int], last: date) -> Iterator[Corrected]:
    """The periods from the real reading before the last billed day, with what they were billed."""
    shown = line.until(last)
    start = min(shown)
    begins = max((day for day in said if day <= start and day < last), default=start)
    # Where a period began before that reading, what was settled of it then stands.
    before = line.until(begins).get(begins, said.get(begins, shown[start]))
    billed = before
    for day in sorted(day for day in shown.keys() & said.keys() if begins < day or start == last):
        yield Corrected(begins, day, billed=said[day] - billed, printed=shown[day] - before)
        begins, billed, before = day, said[day], shown[day]


@dataclass(frozen=True, slots=True)
class _Line:
    """The line through the real readings, cut at the billed days in whole impressions."""

    points: Curve
    cuts: Collection[date]
    weights: Weights

    def until(self, last: date) -> dict[date, int]:
        """What the meter showed at the real reading before a day, and at each cut from there to it.

        Nothing without a real reading on both sides.
        """
        if _around(self.points, last) is None:
            return {}
        counts = dict(self.points)
        end = min(day for day in counts if day >= last)
        start = max((day for day in counts if day < last), default=end)
        days = sorted({start, end, last, *(cut for cut in self.cuts if start < cut < end)})
        shown = {start: counts[start]}
        if start < end:
            parts = split(counts[end] - counts[start], self.weights(self.points, days))
            shown = dict(zip(days, accumulate(parts, initial=counts[start]), strict=True))
        return {day: count for day, count in shown.items() if day <= last}


def _around(points: Curve, day: date) -> tuple[tuple[date, int], tuple[date, int]] | None:
    before = max((point for point in points if point[0] <= day), default=None)
    after = min((point for point in points if point[0] >= day), default=None)
    return None if before is None or after is None else (before, after)


def _curve(history: History, offsets: dict[int, int]) -> Curve:
    counted = {one.taken_on: one.value + offsets[one.segment] for one in real(ordered(history))}
    return sorted(counted.items())


def _as_a_guess(billed: Reading) -> Reading:
    """What was billed bounds no segment: if it was read, and still counts, the history has it too."""
    return replace(billed, quality=Quality.ESTIMATED)


def _offsets(readings: Iterable[Reading]) -> dict[int, int]:
    """What to add to a display's value, per segment, for the count to go on.

    A segment without a real reading is bounded by what it has.
    """
    offsets: dict[int, int] = {}
    count = 0
    for segment, group in groupby(ordered(readings), key=attrgetter("segment")):
        every = list(group)
        bounds = real(every) or every
        offsets[segment] = count - bounds[0].value if offsets else 0
        count = bounds[-1].value + offsets[segment]
    return offsets
