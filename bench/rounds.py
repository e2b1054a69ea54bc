"""Product and limit in turns: whatever the machine does meanwhile, it does to both."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Literal

type Measure = Callable[[], float]
"""Prepares what it needs, and returns what counts: seconds, or something per second."""

type Side = Literal["<=", ">="]


@dataclass(frozen=True, slots=True)
class Reach:
    """How near to its limit the product has to come."""

    side: Side
    ratio: float

    def is_met(self, ratio: float) -> bool:
        return ratio <= self.ratio if self.side == "<=" else ratio >= self.ratio

    def __str__(self) -> str:
        return f"{self.side} {self.ratio:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `ratio` and `spread` are of the pairs: the median, and how far they lie apart."""

    name: str
    value: float
    unit: str
    limit: float
    ratio: float
    reach: str
    met: bool
    rounds: int
    spread: float

    def plain(self) -> dict[str, object]:
        return asdict(self)


def interleaved(
    name: str, product: Measure, limit: Measure, *, reach: Reach, unit: str = "s", rounds: int = 5
) -> Row:
    """Measure both in each round, the one first that was second before."""
    pairs: list[tuple[float, float]] = []
    for number in range(rounds):
        if number % 2:
            most = limit()
            pairs.append((product(), most))
        else:
            ours = product()
            pairs.append((ours, limit()))
    return of_pairs(name, pairs, reach=reach, unit=unit)


def of_pairs(
    name: str, pairs: Sequence[tuple[float, float]], *, reach: Reach, unit: str = "s"
) -> Row:
    """The figure of what was measured side by side."""
    ratios = [ours / most for ours, most in pairs]
    ratio = median(ratios)
    return Row(
        name,
        value=_short(median(ours for ours, _most in pairs)),
        unit=unit,
        limit=_short(median(most for _ours, most in pairs)),
        ratio=_short(ratio),
        reach=str(reach),
        met=reach.is_met(ratio),
        rounds=len(pairs),
        spread=_short((max(ratios) - min(ratios)) / ratio) if ratio else 0.0,
    )


def timed(work: Callable[[], object]) -> float:
    """Seconds it takes, with nothing left to tidy up from before."""
    gc.collect()
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _short(number: float) -> float:
    return float(f"{number:.4g}")
