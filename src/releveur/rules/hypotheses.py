"""What may have happened between the display of a device and the values that were typed.

Each hypothesis weighs prior × likelihood of the typed values, per impression. Within a device either
each meter has its own fate (correct, one slip, as last time, new board, rollover, anything), or one
thing happened to all of them: two exchanged, the total typed as mono, all as last time, a new board,
another device there, the values of another device of the same person.
docs/rules/validation.md explains them one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log, prod

import numpy as np
from numpy.typing import NDArray

from releveur.rules import slips
from releveur.rules.doubts import Doubt, Idea
from releveur.rules.findings import Code
from releveur.rules.priors import Priors
from releveur.rules.volumes import Board, Floats, Integers

ALL_ALIKE = 1 / log(10**7)
"""A value nobody can explain: as likely to be in the tens as in the millions."""

TEST_PAGES = 100
"""A new board starts at 0, or where the factory's tests left it."""

MOST_VOLUME = 3
"""Times the expected volume: a display that is farther from full did not pass it."""

PER_METER = 1 / 2
"""Priors speak of devices of two meters."""

ALONE = 1 / 12
"""The part of « as last time » and « new board » that befalls one meter of several."""

NEAR = 1 / 4
"""The most of a slip's weight that values as likely as the typed one may share."""

MOST_IDEAS = 6

TOTALS = (("MONO", "COLOR"), ("LARGE_MONO", "LARGE_COLOR"), ("#0", "#1"))
"""A field for black where people may type the total, and its colour."""


@dataclass(frozen=True, slots=True)
class Fates:
    """What may have befallen the meters of each suspicious device: arrays (device, meter).

    Each meter by itself: `correct` … `flat`. All of them: `moved` (its use changed, all is well),
    `fresh` (a new board), and `crossed`: how well the value of one meter fits another (device, value,
    meter), and below these how well black fits without colour, a row for each of `totals`.
    """

    rows: Sequence[int]
    totals: Sequence[tuple[int, int]]
    typed: list[list[int]]
    any: list[list[float]]
    correct: list[list[float]]
    mistyped: list[list[float]]
    unchanged: list[list[float]]
    reset: list[list[float]]
    fresh: list[list[float]]
    rolled: list[list[float]]
    flat: list[list[float]]
    stands: list[list[bool]]
    moved: list[float]
    crossed: list[list[list[float]]]
    slip_values: slips.Integers
    slip_weights: Floats


def suspicious(seen: Board, priors: Priors) -> NDArray[np.bool_]:
    """Tell the devices that any hypothesis could explain better than « all is well ».

    >>> from datetime import date
    >>> from releveur.rules.findings import Seen, Together
    >>> from releveur.rules.metering import Reading
    >>> from releveur.rules.priors import PRIORS
    >>> from releveur.rules.volumes import board
    >>> last = Reading(date(2022, 1, 5), 39_684)
    >>> def of(value: int) -> Together:
    ...     seen = Seen("M", Reading(date(2022, 4, 5), value), last, last, 1_500, spread=0.2)
    ...     return Together("7855V_F", (seen,))
    >>> suspicious(board([of(41_190), of(91_190)], ["#0"], PRIORS), PRIORS).tolist()
    [False, True]

    The best case of all others together stays below what is certain of a value as near to the
    expected one as these are.
    """
    likely = seen.nearness(priors)
    vague = (seen.known & (seen.spread > 0.8)).any(axis=1)
    others = priors.mistyped * NEAR + priors.swapped + priors.total + priors.other_device
    others += priors.exchanged + priors.replaced
    result: NDArray[np.bool_] = (likely * (1 - priors.ask_below) < others) | vague
    return result


def fates(seen: Board, columns: Sequence[str], rows: Sequence[int], priors: Priors) -> Fates:
    """Weigh what may have befallen the meters of these devices."""
    at = np.asarray(rows)
    known, new = seen.known[at], seen.new[at]
    place = {kind: n for n, kind in enumerate(columns)}
    totals = [(place[a], place[b]) for a, b in TOTALS if a in place and b in place]
    crossed = _crossed(seen, at, totals, priors)
    each = range(len(columns))
    values, weights = _slips(seen, at, priors)
    parts = _by_itself(seen, at, crossed[:, each, each], priors)
    parts["mistyped"] = weights.sum(axis=2)
    parts = {name: np.where(known, part, 0.0) for name, part in parts.items()}
    parts["correct"] = np.where(known, parts["correct"], 1.0)
    apart = ("correct", "mistyped", "unchanged", "reset", "rolled", "flat")
    return Fates(
        rows, totals, new.tolist(),
        any=np.sum([parts[name] for name in apart], axis=0).tolist(),
        stands=(new == seen.last[at]).tolist(),
        moved=seen.moved_together(at, priors).tolist(),
        crossed=crossed.tolist(), slip_values=values, slip_weights=weights,
        **{name: part.tolist() for name, part in parts.items()},
    )  # fmt: skip


def _by_itself(seen: Board, at: Integers, plain: Floats, priors: Priors) -> dict[str, Floats]:
    new, last, known = seen.new[at], seen.last[at], seen.known[at]
    stands, lower = new == last, new < last
    alone = np.where(known.sum(axis=1) == 1, 1.0, ALONE)[:, None]
    lost = priors.mistyped * PER_METER + (priors.unchanged + priors.reset) * alone
    right = 1 - lost - priors.flat * PER_METER
    far = (seen.centre[at] / seen.spread[at]) ** 2 / priors.freedom
    well = (1 - priors.zero) * plain + priors.zero * stands / (1 + far)
    found = {"correct": right * well, "unchanged": priors.unchanged * alone * stands}
    found["flat"] = PER_METER * priors.flat * ALL_ALIKE / (new + 1.0)
    found["reset"] = found["rolled"] = found["fresh"] = np.zeros(new.shape)
    if lower.any():
        little = lower * np.exp(-np.abs(last - new) / priors.lower_by) / priors.lower_by
        found["flat"] = found["flat"] + priors.lower * PER_METER * little
        awaited = np.exp(seen.centre[at]) + TEST_PAGES
        found["fresh"] = lower / awaited / (1 + (new / awaited) ** 4)
        found["reset"] = priors.reset * alone * found["fresh"]
        volume = (new + seen.full[at] - last).astype(np.float64)
        around = seen.volume_chance(volume, at, priors=priors)
        near = seen.full[at] - last <= MOST_VOLUME * awaited
        sure = np.where(seen.sure[at], 1.0, priors.rolled_over)
        found["rolled"] = right * around * lower * near * sure
    return found


def _crossed(
    seen: Board, at: Integers, totals: Sequence[tuple[int, int]], priors: Priors
) -> Floats:
    new = seen.new[at]
    values = [new, *((new[:, a] - new[:, b])[:, None] for a, b in totals)]
    return seen.chance(np.concatenate(values, axis=1)[:, :, None], at[:, None], priors=priors)


def _slips(seen: Board, at: Integers, priors: Priors) -> tuple[slips.Integers, Floats]:
    new = seen.new[at]
    values, chances = slips.meant(new.reshape(-1))
    shape = (*new.shape, -1)
    values, chances = values.reshape(shape), chances.reshape(shape)
    volume = (values - seen.last[at][..., None]).astype(np.float64)
    likely = seen.volume_chance(volume, (at, slice(None), None), priors=priors)
    # Where nothing is expected, any slip upwards would do: that explains nothing.
    able = (seen.known[at] & seen.awaited[at])[..., None]
    able = able & (volume > 0) & (values <= seen.most[at][..., None])
    return values, chances * likely * able * (priors.mistyped * PER_METER)


def doubt(
    n: int,
    seen: Board,
    found: Fates,
    keys: Sequence[str],
    priors: Priors,
    *,
    firm: Collection[int] = (),
) -> Doubt:
    """Weigh what may have happened to one device by itself.

    :param n: its place among the fates
    :param keys: of its meters, by column; "" where it has none
    :param firm: columns whose values an exact sum confirms: no slip
    """
    known = seen.known[found.rows[n]].tolist()
    here = [m for m, key in enumerate(keys) if key and known[m]]
    together = priors.swapped + priors.total + priors.unchanged + priors.reset + priors.replaced
    share = 1 - (together + priors.other_device + priors.exchanged + priors.same)
    every, correct = [*found.any[n]], found.correct[n]
    for m in firm:
        every[m] -= found.mistyped[n][m]
    apart = share * prod(every[m] for m in here)
    moved = share * priors.jump * found.moved[n]

    def own() -> dict[int, list[Idea]]:
        return {
            m: [*_own(m, n, apart / (every[m] or 1.0), found, keys[m], firm=m in firm)]
            for m in here
        }

    result = Doubt(share * prod(correct[m] for m in here) + moved, apart + moved, own)
    if len(here) > 1:
        result.joint += _swapped(here, n, found, keys, priors)
        result.joint += _totals(here, n, found, keys, priors)
        result.joint += _of_all(here, n, found, priors)
    return result


def _own(m: int, n: int, unit: float, found: Fates, key: str, *, firm: bool) -> Iterable[Idea]:
    """The fates of one meter but the good one: the likeliest slips each, the others together."""
    values, weights = found.slip_values[n, m], found.slip_weights[n, m]
    best: dict[int, float] = {}
    for place in np.argsort(weights)[: -3 * MOST_IDEAS : -1].tolist():
        value = int(values[place])
        best[value] = best.get(value, 0.0) + float(weights[place])
    fates = {
        Code.MISTYPED: max(0.0, found.mistyped[n][m] - sum(best.values())),
        Code.UNCHANGED: found.unchanged[n][m],
        Code.RESET: found.reset[n][m],
        Code.ROLLED_OVER: found.rolled[n][m],
        Code.UNUSUAL_HIGH: found.flat[n][m],
    }
    ideas = [Idea(Code.MISTYPED, (m,), unit * w, ((key, value),)) for value, w in best.items()]
    ideas += [Idea(code, (m,), unit * weight) for code, weight in fates.items()]
    return (one for one in ideas if one.weight and not (firm and one.code is Code.MISTYPED))


def _swapped(
    here: Sequence[int], n: int, found: Fates, keys: Sequence[str], priors: Priors
) -> Iterable[Idea]:
    """Two meters exchanged: what is on one fits the other, and the other way round."""
    typed, crossed = found.typed[n], found.crossed[n]
    pairs = list(combinations(here, 2))
    for a, b in pairs:
        weight = crossed[a][b] * crossed[b][a]
        if weight:
            rest = prod(crossed[m][m] for m in here if m not in {a, b})
            mended = ((keys[a], typed[b]), (keys[b], typed[a]))
            yield Idea(Code.SWAPPED, (a, b), priors.swapped / len(pairs) * weight * rest, mended)


def _totals(
    here: Sequence[int], n: int, found: Fates, keys: Sequence[str], priors: Priors
) -> Iterable[Idea]:
    """The total typed into the field for black: what colour shows, taken away, fits."""
    typed, crossed = found.typed[n], found.crossed[n]
    for number, (mono, colour) in enumerate(found.totals, start=len(keys)):
        if mono in here and colour in here and (fits := crossed[number][mono]):
            weight = priors.total * fits * prod(crossed[m][m] for m in here if m != mono)
            mended = ((keys[mono], typed[mono] - typed[colour]),)
            if weight:
                yield Idea(Code.TOTAL_AS_MONO, (mono,), weight, mended)


def _of_all(here: Sequence[int], n: int, found: Fates, priors: Priors) -> Iterable[Idea]:
    """One thing that befell every meter: as last time, a new board, another device."""
    every = tuple(here)
    flat = prod(ALL_ALIKE / (found.typed[n][m] + 1) for m in here)
    yield Idea(Code.REPLACED, every, priors.replaced * flat)
    if fresh := prod(found.fresh[n][m] for m in here):
        yield Idea(Code.RESET, every, priors.reset * fresh)
    if all(found.stands[n][m] for m in here):
        yield Idea(Code.UNCHANGED, every, priors.unchanged)
