"""What may have happened between the display of a device and the values that were typed.

Each hypothesis weighs prior × likelihood of the typed values, per impression. Within a device either
each meter has its own fate (correct, one slip, as last time, new board, rollover, anything), or one
thing happened to all of them: two exchanged, the total typed as mono, all as last time, a new board,
another device there, the values of another device of the same person.
docs/rules/validation.md explains them one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import log, prod

import numpy as np
from numpy.typing import NDArray

from releveur.rules import slips
from releveur.rules.findings import Code, Mend
from releveur.rules.priors import Priors
from releveur.rules.volumes import Board, Floats

ALL_ALIKE = 1 / log(10**7)
"""A value nobody can explain: as likely to be in the tens as in the millions."""

TEST_PAGES = 100
"""A new board starts at 0, or where the factory's tests left it."""

PER_METER = 1 / 2
"""Priors speak of devices of two meters."""

ALONE = 1 / 12
"""The part of « as last time » and « new board » that befalls one meter of several."""

NEAR = 1 / 4
"""The most of a slip's weight that values as likely as the typed one may share."""

MOST_IDEAS = 6


type Cause = tuple[Code, tuple[int, ...], str]
"""What happened, to which meters, and the other device it speaks of."""


@dataclass(frozen=True, slots=True)
class Idea:
    """One explanation: its weight, and the values it would put right, by place on the device."""

    code: Code
    meters: tuple[int, ...]
    weight: float
    mended: Mend = ()
    other: str = ""

    @property
    def cause(self) -> Cause:
        return self.code, self.meters, self.other


@dataclass(slots=True)
class Doubt:
    """A device's explanations, weighed.

    `correct`: all is well. `apart`: each meter has its own fate, all being well among them; `own` are
    these fates by meter. `joint`: one thing happened to several meters.
    """

    correct: float
    apart: float
    own: dict[int, list[Idea]]
    joint: list[Idea] = field(default_factory=list)

    @property
    def total(self) -> float:
        return self.apart + sum(idea.weight for idea in self.joint)

    def is_right(self) -> float:
        """The probability that all is well."""
        total = self.total
        return self.correct / total if total else 0.0

    def wrong(self, meter: int) -> float:
        """The probability that a meter's own fate is another than to be right."""
        return sum(idea.weight for idea in self.own[meter]) / self.apart if self.apart else 1.0

    def ideas(self) -> list[Idea]:
        return [*self.joint, *(idea for ideas in self.own.values() for idea in ideas)]

    def mends(self, first: Cause) -> list[Mend]:
        """What would put it right: the ideas of a cause before all others, each once."""
        able = sorted((idea for idea in self.ideas() if idea.mended), key=lambda one: -one.weight)
        ours = [one for one in able if one.cause == first]
        return list(dict.fromkeys(one.mended for one in [*ours, *able]))


def heaviest(ideas: Iterable[Idea]) -> tuple[float, Cause]:
    """Return what happened most probably: the ideas of one cause together.

    >>> slips = [Idea(Code.MISTYPED, (0,), 0.2, (("mono", n),)) for n in (1, 2)]
    >>> heaviest([*slips, Idea(Code.RESET, (0,), 0.3)])[1][0].value
    'MISTYPED'
    """
    weights: dict[Cause, float] = {}
    for idea in ideas:
        weights[idea.cause] = weights.get(idea.cause, 0.0) + idea.weight
    cause = max(weights, key=weights.__getitem__)
    return weights[cause], cause


@dataclass(frozen=True, slots=True)
class Fates:
    """What may have befallen each meter of each suspicious device by itself: arrays (device, meter)."""

    plain: Floats
    correct: Floats
    mistyped: Floats
    unchanged: Floats
    reset: Floats
    fresh: Floats
    rolled: Floats
    flat: Floats
    slip_values: slips.Integers
    slip_weights: Floats

    @property
    def any(self) -> Floats:
        return self.correct + self.mistyped + self.unchanged + self.reset + self.rolled + self.flat


def suspicious(seen: Board, priors: Priors) -> NDArray[np.bool_]:
    """Tell the devices that any hypothesis could explain better than « all is well ».

    The best case of all others together stays below what is certain of a value as near to the
    expected one as these are.
    """
    plain = seen.chance(seen.new, priors=priors)
    peak = seen.volume_chance(np.exp(seen.centre) - 1, priors=priors)
    likely = np.where(seen.known, plain / peak, 1.0).prod(axis=1)
    vague = (seen.known & (seen.spread > 0.8)).any(axis=1)
    others = priors.mistyped * NEAR + priors.swapped + priors.total + priors.other_device
    others += priors.exchanged + priors.replaced
    result: NDArray[np.bool_] = (likely * (1 - priors.ask_below) < 1.2 * others) | vague
    return result


def fates(seen: Board, rows: Sequence[int], priors: Priors) -> Fates:
    """Weigh what may have befallen each meter of these devices by itself."""
    at = np.asarray(rows)
    new, last, known = seen.new[at], seen.last[at], seen.known[at]
    plain = seen.chance(new, at, priors=priors)
    stands, lower = new == last, new < last
    flat = ALL_ALIKE / (new + 1.0)
    little = lower * np.exp(-np.abs(last - new) / priors.lower_by) / priors.lower_by
    awaited = np.exp(seen.centre[at]) + TEST_PAGES
    fresh = lower / awaited / (1 + (new / awaited) ** 4)
    around = seen.volume_chance((new + seen.full[at] - last).astype(float), at, priors=priors)
    rolled = around * lower * np.where(seen.sure[at], 1.0, priors.rolled_over)
    values, weights = _slips(seen, at, priors)
    m, alone = PER_METER, ALONE
    parts = {
        "mistyped": weights.sum(axis=2),
        "unchanged": priors.unchanged * alone * stands,
        "reset": priors.reset * alone * fresh,
        "fresh": fresh,
        "flat": priors.flat * m * flat + priors.lower * m * little,
    }
    lost = priors.mistyped * m + (priors.unchanged + priors.reset) * alone + priors.flat * m
    far = (seen.centre[at] / seen.spread[at]) ** 2 / priors.freedom
    well = (1 - priors.zero) * plain + priors.zero * stands / (1 + far)
    parts |= {"correct": (1 - lost) * well, "rolled": (1 - lost) * rolled}
    parts = {name: np.where(known, part, float(name == "correct")) for name, part in parts.items()}
    return Fates(plain=plain, slip_values=values, slip_weights=weights, **parts)


def _slips(seen: Board, at: np.ndarray, priors: Priors) -> tuple[slips.Integers, Floats]:
    new = seen.new[at]
    values, chances = slips.meant(new.reshape(-1))
    shape = (*new.shape, -1)
    values, chances = values.reshape(shape), chances.reshape(shape)
    volume = (values - seen.last[at][..., None]).astype(np.float64)
    spread_out = Board(
        *(getattr(seen, name)[at][..., None] for name in Board.__slots__)  # one column more
    )
    likely = spread_out.volume_chance(volume, priors=priors)
    likely = np.where((volume > 0) & (values <= spread_out.most), likely, 0.0)
    return values, chances * likely * (priors.mistyped * PER_METER) * seen.known[at][..., None]


def doubt(
    row: int,
    n: int,
    seen: Board,
    found: Fates,
    keys: Sequence[str],
    priors: Priors,
    *,
    firm: Collection[int] = (),
) -> Doubt:
    """Weigh what may have happened to one device by itself.

    :param row: its place on the board
    :param n: its place among the fates
    :param keys: of its meters, by column; "" where it has none
    :param firm: columns whose values an exact sum confirms: no slip
    """
    here = [m for m, key in enumerate(keys) if key and seen.known[row, m]]
    together = priors.swapped + priors.total + priors.unchanged + priors.reset + priors.replaced
    share = 1 - (together + priors.other_device + priors.exchanged + priors.same)
    every = found.any[n].tolist()
    for m in firm:
        every[m] -= found.mistyped[n, m]
    correct = found.correct[n].tolist()
    apart = share * prod(every[m] for m in here)
    moved = share * priors.jump * seen.moved_together(row, here, priors)
    own = {m: list(_own(m, n, apart / (every[m] or 1.0), found, keys[m])) for m in here}
    own |= {m: [one for one in own[m] if one.code is not Code.MISTYPED] for m in firm if m in own}
    result = Doubt(share * prod(correct[m] for m in here) + moved, apart + moved, own)
    if len(here) > 1:
        result.joint += _swapped(here, row, seen, keys, priors)
        result.joint += _of_all(here, row, n, seen, found, priors)
    return result


def _own(m: int, n: int, unit: float, found: Fates, key: str) -> Iterable[Idea]:
    """The fates of one meter but the good one: the likeliest slips each, the others together."""
    values, weights = found.slip_values[n, m], found.slip_weights[n, m]
    best: dict[int, float] = {}
    for place in np.argsort(weights)[: -3 * MOST_IDEAS : -1].tolist():
        value = int(values[place])
        best[value] = best.get(value, 0.0) + float(weights[place])
    for value, weight in best.items():
        if weight:
            yield Idea(Code.MISTYPED, (m,), unit * weight, ((key, value),))
    fates = {
        Code.MISTYPED: max(0.0, float(found.mistyped[n, m]) - sum(best.values())),
        Code.UNCHANGED: float(found.unchanged[n, m]),
        Code.RESET: float(found.reset[n, m]),
        Code.ROLLED_OVER: float(found.rolled[n, m]),
        Code.UNUSUAL_HIGH: float(found.flat[n, m]),
    }
    for code, weight in fates.items():
        if weight:
            yield Idea(code, (m,), unit * weight)


def _swapped(
    here: Sequence[int], row: int, seen: Board, keys: Sequence[str], priors: Priors
) -> Iterable[Idea]:
    """Two meters exchanged: what is on one fits the other, and the other way round."""
    typed = seen.new[row].tolist()
    pairs = list(combinations(here, 2))
    crossed = seen.chance(seen.new[row][:, None], row, priors=priors)
    plain = {m: float(crossed[m, m]) for m in here}
    for a, b in pairs:
        rest = prod(plain[m] for m in here if m not in {a, b})
        weight = priors.swapped / len(pairs) * float(crossed[a, b] * crossed[b, a]) * rest
        if weight:
            mended = ((keys[a], typed[b]), (keys[b], typed[a]))
            yield Idea(Code.SWAPPED, (a, b), weight, mended)


def totals(
    pairs: Iterable[tuple[int, int]], row: int, seen: Board, keys: Sequence[str], priors: Priors
) -> Iterable[Idea]:
    """The total typed into the field for black: what colour shows, taken away, fits."""
    here = [m for m, key in enumerate(keys) if key and seen.known[row, m]]
    typed = seen.new[row]
    for mono, colour in pairs:
        if mono in here and colour in here:
            meant = typed.copy()
            meant[mono] -= typed[colour]
            fits = seen.chance(meant, row, priors=priors)
            weight = priors.total * prod(float(fits[m]) for m in here)
            if weight:
                yield Idea(Code.TOTAL_AS_MONO, (mono,), weight, ((keys[mono], int(meant[mono])),))


def _of_all(
    here: Sequence[int], row: int, n: int, seen: Board, found: Fates, priors: Priors
) -> Iterable[Idea]:
    """One thing that befell every meter: as last time, a new board, another device."""
    every = tuple(here)
    stands = all(seen.new[row, m] == seen.last[row, m] for m in here)
    fresh = prod(float(found.fresh[n, m]) for m in here)
    flat = prod(ALL_ALIKE / (float(seen.new[row, m]) + 1) for m in here)
    yield Idea(Code.UNCHANGED, every, priors.unchanged * stands)
    yield Idea(Code.RESET, every, priors.reset * fresh)
    yield Idea(Code.REPLACED, every, priors.replaced * flat)
