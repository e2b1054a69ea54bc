"""What a campaign tells of the meters nobody read: how those who answered differ from what was expected.

Everybody's estimate is computed as if nothing were known of this time; what the answers then lie above
or below it is this time's factor. It is the median of a kin (the same model and kind of meter), drawn
towards that of the fleet, which is drawn towards 1:

    fleet = median of all x n / (n + 20)         kin = (c x its median + 8 x fleet) / (c + 8)

with n and c the answers of the fleet and of the kin, on the scale of logarithms. Of the same answers
it learns how much of a latest change goes on, how far an own season is to be trusted, and how far an
interval has to reach for four real values of five to lie inside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from releveur.rules import season
from releveur.rules.curves import Curves, Truth, Whole
from releveur.rules.estimation_of_many import Past
from releveur.rules.season import LONGER, SHORTEST, WITHIN, YEARLY, Floats, Kin, Seen
from releveur.rules.surroundings import NOTHING_KNOWN, WHOLE, Surroundings

COVERED = 0.8
"""The share of real values that an interval is to hold."""

OF_FLEET, OF_KIN = 20, 8
"""How many answers more seem to have said that nothing is different."""

_OF_COEFFICIENTS = 30
_OF_REACH = 5
_FARTHEST = 1.5


@dataclass(frozen=True)
class Sample:
    """Meters of a campaign, those who answered and those who did not.

    :param lines: what was known of each before its answer, up to `since`
    :param until: the day of the answer, or the one for which a value is wanted
    :param kin: 0, 1, … `kins` - 1
    :param printed: impressions in (since, until]; not a number where nobody answered
    """

    lines: Curves
    since: Whole
    until: Whole
    kin: Whole
    kins: int
    printed: Floats


def sample(past: Past, on: Whole, *, answered: Truth, kin: Whole, kins: int) -> Sample:
    """Part each past from its answer, and say what the answer tells was printed since.

    :param past: what was read of each meter; what was read after its day is left aside
    :param on: the day of each answer, or the one for which a value is wanted
    :param answered: of whom something was read on that day: the answer
    """
    days = on[past.places]
    lines = past.where(past.days + answered[past.places] <= days).lines(meters=len(on))
    since = np.where(lines.are_drawn, lines.last, on)
    whole = past.where(past.days <= days).lines(meters=len(on))
    printed = whole.count_at(on) - whole.count_at(since)
    told = answered & lines.are_drawn
    return Sample(lines, since, on, kin, kins, np.where(told, printed, np.nan))


def learn(sample: Sample) -> list[Surroundings]:
    """Say what each kin of a campaign knows; last, what holds for a kin that nobody knows.

    Thirty meters, each 91 days at 10 a day; those who answered printed a tenth more than that:

    >>> from releveur.rules.curves import draw
    >>> meters = np.repeat(np.arange(30), 2)
    >>> lines = draw(meters, meters * 0, np.tile([0, 91], 30), np.tile([0, 910], 30), meters=30)
    >>> day, kin = np.full(30, 91), np.zeros(30, dtype=np.int64)
    >>> told = learn(Sample(lines, day, 2 * day, kin, 1, np.full(30, 1001.0)))[0]
    >>> float(round(told.factor, 3)), told.reporters
    (1.091, 30)
    """
    seen = season.see(sample.lines, since=sample.since, until=sample.until)
    answered = ~np.isnan(sample.printed) & (seen.level > 0) & (seen.days >= SHORTEST)
    # One more kin than there are: a meter of none of them stands there.
    some = _with_habits(sample, seen)
    kin = Kin(some, sample.kin)
    kin = Kin(_with_coefficients(sample, seen, kin, answered), sample.kin)
    return _with_factors(sample, seen, kin, answered)


def drawn[V: (float, Floats)](found: V, count: int, *, towards: V | float, weight: int) -> V:
    """Draw what was found of a few towards what is known of many: the more so, the fewer they are.

    >>> drawn(0.3, 2, towards=0.0, weight=8)
    0.06
    """
    return (count * found + weight * towards) / (count + weight)


def _with_habits(sample: Sample, seen: Seen) -> list[Surroundings]:
    """The seasons of the kin, how they differ from meter to meter, and from year to year."""
    shares, known = season.months(sample.lines, sample.since)
    profiles = _drawn(shares, known, sample)
    mean = np.exp(profiles).mean(axis=1, keepdims=True)
    told = season.shares(profiles - np.log(mean))
    twice = seen.years >= 2
    noise = _means(seen.noise, twice, sample, prior=NOTHING_KNOWN.noise)
    apart = (shares - profiles[sample.kin]).reshape(-1, 4, 3).mean(axis=2)
    own = noise[sample.kin] / np.maximum(seen.years, 1)
    several = (apart**2).mean(axis=1) - own
    variety = _means(several, known, sample, prior=NOTHING_KNOWN.variety)
    return [
        Surroundings(
            season=tuple(told[one].tolist()) if known.any() else (),
            noise=float(noise[one]),
            variety=max(float(variety[one]), 0.0),
        )
        for one in range(sample.kins + 1)
    ]


def _with_coefficients(sample: Sample, seen: Seen, kin: Kin, answered: Truth) -> list[Surroundings]:
    """How much of a latest change went on, and how far the own season was right, by who answered."""
    missed = _missed(sample, seen, kin)
    change = season.change(seen, kin)
    of_kin = kin.season(seen.since, seen.until) - kin.season(seen.begin, seen.since)
    apart = np.clip(np.where(seen.years > 0, seen.own - of_kin, 0.0), -1, 1)
    drifts, trusts = list(NOTHING_KNOWN.drifts), list(NOTHING_KNOWN.trusts)
    for place, how_far in enumerate((WITHIN, YEARLY, LONGER)):
        those = answered & (seen.how_far == how_far)
        features = np.stack([_centred(one, those, sample) for one in (change, apart)], axis=1)
        rest = np.clip(_centred(missed, those, sample), -1, 1)
        more, trust = _ridge(features[those], rest[those])
        drifts[place] = float(np.clip(drifts[place] + more, -0.7, 0.7))
        if place:
            trusts[place - 1] = float(np.clip(trust, -0.7, 0.7))
    learned = (drifts[0], drifts[1], drifts[2]), (trusts[0], trusts[1])
    return [replace(one, drifts=learned[0], trusts=learned[1]) for one in kin.those]


def _ridge(features: Floats, rest: Floats) -> tuple[float, float]:
    """Least squares, drawn towards 0 as if so many meters more had shown nothing."""
    if not len(rest):
        return 0.0, 0.0
    held = np.diag((features**2).mean(axis=0) * _OF_COEFFICIENTS + 1e-6)
    first, second = np.linalg.solve(features.T @ features + held, features.T @ rest)
    return float(first), float(second)


def _with_factors(sample: Sample, seen: Seen, kin: Kin, answered: Truth) -> list[Surroundings]:
    missed = _missed(sample, seen, kin)
    factors = np.clip(_drawn(missed[:, None], answered, sample)[:, 0], -_FARTHEST, _FARTHEST)
    told = season.shares(factors)
    strayed = np.abs(missed - factors[sample.kin]) / season.spread(seen, kin)
    counts = np.bincount(sample.kin[answered], minlength=sample.kins + 1)
    reach = _reach(strayed[answered], int((counts > 0).sum()))
    return [
        replace(
            one,
            factor=Fraction(int(told[place]), WHOLE),
            reporters=int(counts[place]),
            reach=reach,
        )
        for place, one in enumerate(kin.those)
    ]


def _missed(sample: Sample, seen: Seen, kin: Kin) -> Floats:
    """By how much each answer lies above what was expected, as a logarithm."""
    told = season.tell(seen, kin)
    expected = seen.level * seen.days * np.exp(told.season + told.drift)
    missed: Floats = np.log(np.maximum(sample.printed, 0) + 1) - np.log(np.maximum(expected, 0) + 1)
    return missed


def _reach(strayed: Floats, kins: int) -> float:
    """How many spreads hold four answers of five; a kin's own factor makes its answers look nearer."""
    count = len(strayed)
    if not count:
        return NOTHING_KNOWN.reach
    found = np.quantile(strayed, min(1.0, COVERED * (count + 1) / count))
    found *= 1 + kins / (6 * count)
    return float((count * found + _OF_REACH * NOTHING_KNOWN.reach) / (count + _OF_REACH))


def _drawn(values: Floats, those: Truth, sample: Sample) -> Floats:
    """The median of each kin, drawn towards that of the fleet, drawn towards 0; the fleet's last."""
    count = int(those.sum())
    fleet = np.median(values[those], axis=0) if count else np.zeros(values.shape[1])
    fleet = drawn(fleet, count, towards=0.0, weight=OF_FLEET)
    found = np.tile(fleet, (sample.kins + 1, 1))
    for kin, some in _by_kin(those, sample):
        middle = np.median(values[some], axis=0)
        found[kin] = drawn(middle, len(some), towards=fleet, weight=OF_KIN)
    return found


def _means(values: Floats, those: Truth, sample: Sample, *, prior: float) -> Floats:
    """The mean of each kin, drawn towards that of the fleet, drawn towards what is usual."""
    mean = max(values[those].mean(), 0.0) if those.any() else prior
    fleet = drawn(mean, int(those.sum()), towards=prior, weight=OF_KIN)
    found = np.full(sample.kins + 1, fleet)
    for kin, some in _by_kin(those, sample):
        mean = max(values[some].mean(), 0.0)
        found[kin] = drawn(mean, len(some), towards=fleet, weight=OF_KIN)
    return found


def _centred(values: Floats, those: Truth, sample: Sample) -> Floats:
    centred: Floats = values - _drawn(values[:, None], those, sample)[sample.kin, 0]
    return centred


def _by_kin(those: Truth, sample: Sample) -> list[tuple[int, Whole]]:
    some = np.flatnonzero(those)
    some = some[np.argsort(sample.kin[some], kind="stable")]
    kins, starts = np.unique(sample.kin[some], return_index=True)
    return list(zip(kins.tolist(), np.split(some, starts[1:]), strict=False))
