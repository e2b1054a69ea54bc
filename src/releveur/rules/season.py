"""The season of many meters: what each one's own past and that of its kin say of the days to come.

Everything here is found in floating point and told in ten-thousandths, which are stored: what an
estimate is computed from is whole again. Volumes are compared by their logarithms, each with one
page added, so that a meter that stands still can be compared as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from releveur.rules import curves
from releveur.rules.curves import Curves, Truth, Whole
from releveur.rules.surroundings import WHOLE, Surroundings

type Floats = NDArray[np.float64]

YEAR = 365
YEARS = 3
"""Older years say little of the next."""

QUARTERS = (0, 91, 182, 274, 365)
SHORTEST = 30
"""The latest change is not seen in fewer days."""

UNTOLD, WITHIN, YEARLY, LONGER = range(4)
"""How far a past reaches: no two readings, less than a year, a year, a year and the latest days before."""

_FARTHEST = 4.0
_FASTEST = 1.0
_OWN_SHARE = 0.6
_PRIOR_QUARTERS = 4
_AT_LEAST = 0.0004
_UNTOLD_STRAYS = 2


@dataclass(frozen=True)
class Seen:
    """What the pasts of many meters say of the days (since, until] of each.

    `level`: impressions a day; `own`: its season as a logarithm; `noise`: how it differs from year to
    year; `change`: the latest days against the same ones a year earlier, or against all that is known.
    """

    since: Whole
    until: Whole
    begin: Whole
    level: Floats
    how_far: Whole
    years: Whole
    own: Floats
    noise: Floats
    change: Floats

    @cached_property
    def days(self) -> Whole:
        days: Whole = np.maximum(self.until - self.since, 0)
        return days


def see(lines: Curves, *, since: Whole, until: Whole) -> Seen:
    """Look at many meters, each known up to `since`; those that no two readings speak for stay empty.

    >>> from releveur.rules.curves import draw
    >>> zeros = np.zeros(3, dtype=np.int64)
    >>> lines = draw(zeros, zeros, np.array([0, 182, 365]), np.array([0, 3640, 5470]), meters=1)
    >>> seen = see(lines, since=np.array([365]), until=np.array([365 + 182]))
    >>> seen.years.tolist(), np.exp(seen.own).round(2).tolist()
    ([1], [1.33])
    """
    days = _between(until - since, 0, YEAR)
    first = np.where(lines.are_drawn, lines.first, since)
    span = np.where(lines.are_drawn, since - first, 0)
    begin = np.where(span >= YEAR, since - YEAR, first)
    recent = np.maximum(days, SHORTEST)
    short = np.where(2 * span >= 3 * recent, WITHIN, UNTOLD)
    how_far = np.where(span >= YEAR, YEARLY + (span >= YEAR + recent), short)
    years = np.where(days > 0, np.minimum(span // YEAR, YEARS), 0)
    # Every day that is looked up, at once; what nobody knows is left aside below.
    ends = since - YEAR * np.arange(1, YEARS + 1)[:, None]
    quarters = (ends[:, None] + np.array(QUARTERS)[:, None]).reshape(-1, len(since))
    latest = np.stack([begin, since, since - recent, since - YEAR, since - YEAR - recent])
    counts = lines.count_at(np.concatenate([latest, ends + days, quarters]))
    of_latest, of_windows, of_quarters = np.split(counts, [5, 5 + YEARS])
    level = (of_latest[1] - of_latest[0]) / np.maximum(since - begin, 1)
    own, noise = _own(of_windows, of_quarters.reshape(YEARS, len(QUARTERS), -1), days, years)
    change = _change(of_latest, how_far, level * recent)
    return Seen(since, until, begin, level, how_far, years, own, noise, change)


def _own(windows: Floats, points: Floats, days: Whole, years: Whole) -> tuple[Floats, Floats]:
    """The season of the window, the median of the years, and the variance of each quarter between years."""
    whole = points[:, -1] - points[:, 0]
    window = _log(windows - points[:, 0]) - _log(whole * days / YEAR)
    one, two, three = _between(window, -_FARTHEST, _FARTHEST)
    middle = np.maximum(np.minimum(one, two), np.minimum(np.maximum(one, two), three))
    own = np.where(years >= 3, middle, np.where(years == 2, (one + two) / 2, one * (years == 1)))
    quarter = _log(np.diff(points, axis=1)) - _log(whole / 4)[:, None]
    return own, _between_years(_between(quarter, -_FARTHEST, _FARTHEST), years)


def _between_years(quarters: Floats, years: Whole) -> Floats:
    one, two, three = quarters
    apart = ((one - two) ** 2).mean(axis=0) / 2
    mean = (one + two + three) / 3
    of_three = ((one - mean) ** 2 + (two - mean) ** 2 + (three - mean) ** 2).mean(axis=0) / 2
    found: Floats = np.where(years >= 3, of_three, apart * (years == 2))
    return found


def _change(counts: Floats, how_far: Whole, usual: Floats) -> Floats:
    _begin, last, before, year_ago, before_that = counts
    same = np.where(how_far == LONGER, year_ago - before_that, usual)
    change = _between(_log(last - before) - _log(same), -_FASTEST, _FASTEST)
    return np.where(how_far == UNTOLD, 0.0, change)


def _between[N: (Floats, Whole)](numbers: N, low: float, high: float) -> N:
    """As numpy's own clip, which takes three times as long for a single meter."""
    found: N = np.minimum(np.maximum(numbers, low), high)
    return found


def _log(volume: Floats) -> Floats:
    logarithm: Floats = np.log(np.maximum(volume, 0.0) + 1)
    return logarithm


@dataclass(frozen=True)
class Kin:
    """The surroundings of many meters: `which` says whose each meter's are."""

    those: Sequence[Surroundings]
    which: Whole

    def of(self, name: str) -> Floats:
        """One of their numbers, for each meter."""
        return np.array([float(getattr(one, name)) for one in self.those])[self.which]

    def chosen(self, name: str, place: Whole) -> Floats:
        """One of several numbers that stand side by side, for each meter."""
        return np.array([getattr(one, name) for one in self.those], dtype=float)[self.which, place]

    def season(self, since: Whole, until: Whole) -> Floats:
        """What the kin prints a day in (since, until] beside its mean, as a logarithm."""
        if not any(one.season for one in self.those):
            return np.zeros(len(since))
        days = np.maximum(until - since, 1)
        share = (self.passed(until) - self.passed(since)) / (days * WHOLE)
        return np.log(np.where((until > since) & (share > 0), share, 1.0))

    def passed(self, day: Whole) -> Whole:
        """What the kin of each meter prints up to its day, counted from long ago, in ten-thousandths."""
        starts = _months()
        month = _between(np.searchsorted(starts, day, side="right") - 1, 0, len(starts) - 2)
        inside = (day - starts[month]) * self._daily[self.which, month % 12]
        passed: Whole = self._until[self.which, month] + inside
        return passed

    @cached_property
    def _daily(self) -> Whole:
        return np.array([one.season or (WHOLE,) * 12 for one in self.those], dtype=np.int64)

    @cached_property
    def _until(self) -> Whole:
        starts = _months()
        full = np.diff(starts) * self._daily[:, np.arange(len(starts) - 1) % 12]
        return np.cumsum(full, axis=1) - full


@dataclass(frozen=True)
class Told:
    """What is told of many meters for their days: logarithms of season and drift, and their spread."""

    season: Floats
    drift: Floats
    spread: Floats


def tell(seen: Seen, kin: Kin) -> Told:
    """Weigh each meter's own season with that of its kin, and let a part of its latest change go on."""
    of_kin = kin.season(seen.since, seen.until) - kin.season(seen.begin, seen.since)
    noise = steadiness(seen, kin.of("noise"))
    variety = kin.of("variety")
    share = variety / np.maximum(variety + noise / np.maximum(seen.years, 1), 1e-9)
    longer = np.maximum(seen.how_far - YEARLY, 0)
    share = _between(share + kin.chosen("trusts", longer), 0.0, 1.25)
    season = of_kin + np.where(seen.years > 0, share * (seen.own - of_kin), 0.0)
    drift = kin.chosen("drifts", np.maximum(seen.how_far - WITHIN, 0)) * change(seen, kin)
    return Told(season, drift, spread(seen, kin))


def change(seen: Seen, kin: Kin) -> Floats:
    """The latest change of each meter; where no year lies between, without what the kin's season makes."""
    recent = np.maximum(np.minimum(seen.days, YEAR), SHORTEST)
    of_kin = kin.season(seen.since - recent, seen.since) - kin.season(seen.begin, seen.since)
    short = (seen.how_far == WITHIN) | (seen.how_far == YEARLY)
    return _between(seen.change - np.where(short, of_kin, 0.0), -_FASTEST, _FASTEST)


def spread(seen: Seen, kin: Kin) -> Floats:
    """How far each meter strays from what is expected of it, on the scale of logarithms."""
    pool = kin.of("noise")
    own = _OWN_SHARE * steadiness(seen, pool) + (1 - _OWN_SHARE) * pool
    found = np.sqrt(np.where(seen.years >= 2, own, pool) + _AT_LEAST)
    return np.where(seen.how_far == UNTOLD, _UNTOLD_STRAYS * found, found)


def steadiness(seen: Seen, pool: Floats) -> Floats:
    """The variance of each meter's season from year to year, drawn towards that of its kin."""
    known = 4.0 * np.maximum(seen.years - 1, 0)
    return (_PRIOR_QUARTERS * pool + known * seen.noise) / (_PRIOR_QUARTERS + known)


def shares(logarithms: Floats) -> Whole:
    """Tell logarithms in ten-thousandths, from a hundredth to ten times.

    >>> shares(np.log([0.82, 1.0])).tolist()
    [8200, 10000]
    """
    told: Whole = np.rint(WHOLE * np.exp(_between(logarithms, -4.6, 2.3))).astype(np.int64)
    return told


def months(lines: Curves, until: Whole) -> tuple[Floats, Truth]:
    """What each meter printed in each calendar month beside its mean, as logarithms, and who is known.

    The twelve months before the day each is known until, and the years before, their mean.
    """
    starts = _months()
    last = _between(np.searchsorted(starts, until, side="right") - 1, 12 * YEARS, len(starts) - 1)
    found, years = np.zeros((len(until), 12)), np.zeros(len(until))
    rows = np.arange(len(until))[:, None]
    for year in range(YEARS):
        firsts = last - 12 * (year + 1) + np.arange(13)[:, None]
        known = lines.are_drawn & (lines.first <= starts[firsts[0]])
        counts = lines.count_at(starts[firsts])
        usual = (counts[-1] - counts[0]) * np.diff(starts[firsts], axis=0) / YEAR
        share = _between(_log(np.diff(counts, axis=0)) - _log(usual), -_FARTHEST, _FARTHEST)
        found[rows, firsts[:-1].T % 12] += np.where(known, share, 0.0).T
        years += known
    return found / np.maximum(years, 1)[:, None], years > 0


@lru_cache(maxsize=1)
def _months() -> Whole:
    """The first days of all months from 1970 to 2120, counted from `FIRST_DAY`."""
    firsts = (date(year, month, 1) for year in range(1970, 2121) for month in range(1, 13))
    return np.array([curves.number_of(first) for first in firsts], dtype=np.int64)
