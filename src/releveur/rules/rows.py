"""What may have happened between the devices of a declaration.

The values of one stand in the row of another, two rows are exchanged, the same pair stands in two
rows, a column slipped by one row. Each is weighed against what the rows say apart from one another,
and heard at every device that it speaks of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from releveur.rules.doubts import Doubt, Idea
from releveur.rules.findings import Code, Mend
from releveur.rules.priors import Priors
from releveur.rules.volumes import Board, Floats

NEAREST = 3
"""Other devices that values fit best: no more are weighed."""

ALSO_DECLARED = 0.1
"""How much rarer it is that values stand in a second row while their own row has others."""

FEWEST = 2
"""Rows that a shifted column spoils at least: one is the reading of another device."""

CERTAIN = 60.0
"""On logs: what is surer than this need not be told apart."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The board, who stands in its rows, and which of their meters were declared.

    `keys`: per row and column the meter's key, "" where there is none. The first `declared` rows were
    declared. `order`: the rows that have a place on the sheet, as people fill them.
    """

    board: Board
    columns: Sequence[str]
    devices: Sequence[str]
    keys: Sequence[Sequence[str]]
    declared: int
    order: Sequence[int]

    @property
    def typed(self) -> NDArray[np.bool_]:
        found = np.array([[bool(key) for key in keys] for keys in self.keys[: self.declared]], bool)
        return found.reshape(self.declared, len(self.columns))

    def values(self, row: int, *, on: int) -> Mend:
        """What stands in one row, as the values of the device of another."""
        here = zip(self.keys[row], self.keys[on], self.board.new[row].tolist(), strict=True)
        return tuple((theirs, value) for own, theirs, value in here if own and theirs)


def repeated(sheet: Sheet) -> dict[int, list[int]]:
    """Return the rows whose values all stand in other rows too, with those; not if they did so before."""
    rows: dict[tuple[int, ...], list[int]] = defaultdict(list)
    stand = ((sheet.board.new == sheet.board.last) | ~sheet.board.known).all(axis=1).tolist()
    typed = sheet.board.new[: sheet.declared].tolist()
    for row, values in enumerate(typed):
        if not stand[row]:
            rows[(*values, *map(bool, sheet.keys[row]))].append(row)
    last = sheet.board.last.tolist()
    found = {
        row: [r for r in group if last[r] != last[row]] for group in rows.values() for row in group
    }
    return {row: others for row, others in found.items() if others}


def weigh(
    sheet: Sheet, doubts: Mapping[int, Doubt], same: Mapping[int, list[int]], priors: Priors
) -> None:
    """Add to each doubt what other devices may explain."""
    if len(sheet.devices) < 2 or not doubts:
        return
    rows = sorted(doubts)
    fits = _fits(sheet, rows, priors)
    evidence = {row: doubts[row].total for row in rows}
    added: dict[int, list[Idea]] = {
        row: [*_others(sheet, row, n, rows, fits, evidence, same.get(row, []), priors)]
        for n, row in enumerate(rows)
    }
    if len(rows) >= FEWEST:
        for row, idea in _shifted(sheet, doubts, priors):
            added.setdefault(row, []).append(idea)
    for row, ideas in added.items():
        doubts[row].joint += ideas


def _fits(sheet: Sheet, rows: Sequence[int], priors: Priors) -> Floats:
    """How well the values of these rows fit each device of the board: (row, device)."""
    seen = sheet.board
    typed = sheet.typed[rows]
    at = (None, slice(None))
    chance = seen.chance(seen.new[rows][:, None, :], at, priors=priors)
    chance = np.where(typed[:, None, :], np.where(seen.known[None], chance, 0.0), 1.0)
    fits: Floats = chance.prod(axis=2) * typed.any(axis=1)[:, None]
    # A device with fewer known meters than it declares says nothing for sure.
    fits[(typed & ~seen.known[rows]).any(axis=1)] = 0.0
    return fits


def _others(
    sheet: Sheet,
    row: int,
    n: int,
    rows: Sequence[int],
    fits: Floats,
    evidence: Mapping[int, float],
    same: Sequence[int],
    priors: Priors,
) -> Iterable[Idea]:
    many = len(sheet.devices) - 1
    meters = tuple(m for m, key in enumerate(sheet.keys[row]) if key)
    for other in same:
        weight = priors.same / many * _share(fits[n, other], evidence.get(other, 0.0))
        yield Idea(Code.SAME_AS_OTHER, meters, weight, other=sheet.devices[other])
    nearest = [
        d for d in np.argsort(-fits[n])[: NEAREST + 1].tolist() if d != row and d not in same
    ]
    for other in nearest[:NEAREST]:
        theirs = float(fits[n, other])
        if not theirs:
            continue
        name = sheet.devices[other]
        moved = sheet.values(row, on=other)
        fine = other < sheet.declared and other not in evidence
        weight = priors.other_device / many * theirs
        weight *= ALSO_DECLARED if other < sheet.declared else 1.0
        yield Idea(Code.OTHER_DEVICE, meters, weight, () if fine else moved, name)
        if other in evidence:
            back = float(fits[rows.index(other), row])
            weight = priors.exchanged / many * theirs * _share(back, evidence[other])
            mended = tuple(sorted((*moved, *sheet.values(other, on=row))))
            yield Idea(Code.ROWS_EXCHANGED, meters, weight, mended, name)


def _share(part: float, whole: float) -> float:
    return float(part) / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """Rows of one column, by their place in the order, that fit their neighbours `by` rows off."""

    column: int
    by: int
    first: int
    last: int
    gain: float


def _shifted(
    sheet: Sheet, doubts: Mapping[int, Doubt], priors: Priors
) -> Iterable[tuple[int, Idea]]:
    order = sheet.order
    if len(order) <= FEWEST:
        return
    dear = log(priors.shifted) - 2 * log(len(order))
    columns = range(sheet.board.new.shape[1])
    for by in (1, -1):
        found = [
            run
            for column in columns
            if (run := _best_run(_gains(sheet, column, by, doubts, priors), column, by))
            and run.gain + dear > 0
        ]
        if found:
            yield from _as_ideas(sheet, found, doubts, dear)


def _gains(
    sheet: Sheet, column: int, by: int, doubts: Mapping[int, Doubt], priors: Priors
) -> list[float]:
    """Per row of the order: how much better its value fits the neighbour, on logs."""
    seen, order = sheet.board, np.asarray(sheet.order)
    there = np.roll(order, by)
    value = seen.new[order, column]
    theirs = seen.chance(value, (there, column), priors=priors)
    ours = seen.chance(value, (order, column), priors=priors)
    apart = priors.mistyped / (value + 1.0)
    gains = np.log(np.maximum(theirs, 1e-300)) - np.log(np.maximum(ours, apart))
    able = seen.known[there, column] & seen.known[order, column] & (order < sheet.declared)
    able &= np.array([bool(sheet.keys[row][column]) for row in sheet.order])
    able[0 if by == 1 else -1] = False
    return list(np.where(able, gains, -np.inf).tolist())


def _best_run(gains: Sequence[float], column: int, by: int) -> Run | None:
    """The rows in a row that gain most together.

    >>> _best_run([-9.0, 4.0, 5.0, -2.0, 3.0, -8.0], 0, 1)
    Run(column=0, by=1, first=1, last=4, gain=10.0)
    """
    best: Run | None = None
    first, total = 0, 0.0
    for place, gain in enumerate(gains):
        if total <= 0:
            first, total = place, 0.0
        total += gain
        if place - first + 1 >= FEWEST and total > (best.gain if best else 0.0):
            best = Run(column, by, first, place, total)
    return best


def _as_ideas(
    sheet: Sheet, runs: Sequence[Run], doubts: Mapping[int, Doubt], dear: float
) -> Iterable[tuple[int, Idea]]:
    """The same words and the same mend at each device that a run spoils."""
    mended = tuple(sorted({pair for run in runs for pair in _back(sheet, run)}))
    sure = exp(min(CERTAIN, sum(run.gain for run in runs) + dear))
    spoiled: dict[int, set[int]] = defaultdict(set)
    for run in runs:
        for place in range(run.first, run.last + 1):
            spoiled[sheet.order[place]].add(run.column)
    for row, columns in spoiled.items():
        if row in doubts:
            weight = doubts[row].total * sure
            yield row, Idea(Code.SHIFTED, tuple(sorted(columns)), weight, mended)


def _back(sheet: Sheet, run: Run) -> Iterable[tuple[str, int]]:
    for place in range(run.first, run.last + 1):
        key = sheet.keys[sheet.order[place - run.by]][run.column]
        if key:
            yield key, int(sheet.board.new[sheet.order[place], run.column])
