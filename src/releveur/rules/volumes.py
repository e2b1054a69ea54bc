"""How likely a meter shows a value, if all is well: honest volumes, on the log scale.

    log(volume + 1) ~ Student-t around log(expected + 1), of the meter's own spread;
    a part `jump` of them with a wider one: the use of the device changed

`Board` holds the devices of a declaration as arrays, a row per device and a column per kind of meter,
so that any value may be weighed on any meter at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gamma, hypot, log1p, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from releveur.rules.findings import Seen, Together, of_segment
from releveur.rules.priors import Priors

type Integers = NDArray[np.int64]
type Floats = NDArray[np.float64]

USUAL = 1_000
"""Impressions: what is awaited where nobody knows, with the priors' `blind` scale."""

ENDLESS = 10**15
"""No display and no printer reaches it."""

GRAIN = 0.05
"""The least spread: no meter is more regular than that, for long."""

type Place = Any
"""An index into the arrays of a board."""

EVERYWHERE = ...

_FIELDS = 8


@dataclass(frozen=True, slots=True)
class Board:
    """What is known of each meter; a place without a meter, or without a past, is not `known`.

    `most`: the largest value its display and its speed allow. `full`: 10^digits, or 10 to the length
    of the last value, `sure` when the digits are known. `awaited`: some volume
    is expected.
    """

    new: Integers
    last: Integers
    centre: Floats
    spread: Floats
    most: Integers
    full: Integers
    sure: NDArray[np.bool_]
    known: NDArray[np.bool_]
    awaited: NDArray[np.bool_]

    def volume_chance(self, volume: Floats, at: Place = EVERYWHERE, *, priors: Priors) -> Floats:
        """The probability of each volume on its meter, per impression; 0 below 0."""
        spread = self.spread[at]
        grown = np.maximum(volume, 0.0) + 1.0
        off = (np.log(grown) - self.centre[at]) ** 2
        squared = spread * spread
        bell = (1 - priors.jump) * _bell(off, squared, priors.freedom)
        bell += priors.jump * _bell(off, squared + priors.jump_scale**2, priors.freedom)
        found: Floats = bell / grown * (volume >= 0)
        return found

    def chance(self, value: Integers, at: Place = EVERYWHERE, *, priors: Priors) -> Floats:
        """The probability that a meter in order shows a value."""
        volume = (value - self.last[at]).astype(np.float64)
        found = self.volume_chance(volume, at, priors=priors)
        return found * (value <= self.most[at])

    def nearness(self, priors: Priors) -> Floats:
        """Per device: how likely its values are, beside the likeliest there are; 0 where one cannot be."""
        volume = (self.new - self.last).astype(np.float64)
        grown = np.maximum(volume, 0.0) + 1.0
        off = np.log(grown) - self.centre
        bell = _bell(off**2, self.spread**2, priors.freedom) / _bell(
            0.0, self.spread**2, priors.freedom
        )
        near = bell * np.exp(-np.maximum(off, 0.0)) * (volume > 0) * (self.new <= self.most)
        found: Floats = np.where(self.known, near, 1.0).prod(axis=1)
        return found

    def moved_together(self, at: Integers, priors: Priors) -> Floats:
        """The probability of devices' volumes if their use changed: all meters by one common step.

        On the log scale the step is normal around 0, and the meters as regular as ever around it: the
        likeliest step stands for all, with the width of those that do as well.
        """
        known = self.known[at]
        grown = np.maximum((self.new[at] - self.last[at]).astype(np.float64), 0.0) + 1.0
        off = np.log(grown) - self.centre[at]
        precise = known / self.spread[at] ** 2
        width = 1 / (precise.sum(axis=1) + 1 / priors.jump_scale**2)
        step = width * (precise * off).sum(axis=1)
        likely = np.sqrt(width) / priors.jump_scale * np.exp(-0.5 * (step / priors.jump_scale) ** 2)
        left = _bell((off - step[:, None]) ** 2, self.spread[at] ** 2, priors.freedom) / grown
        left *= (self.new[at] > self.last[at]) & (self.new[at] <= self.most[at])
        found: Floats = likely * np.where(known, left, 1.0).prod(axis=1)
        return found


def _bell(off: Any, squared: Any, freedom: float) -> Any:
    """Student-t density of a squared distance, of a squared scale."""
    tail = 1 + off / (freedom * squared)
    return _height(freedom) / (tail ** ((freedom + 1) / 2) * np.sqrt(squared))


@lru_cache(maxsize=10)
def _height(freedom: float) -> float:
    return gamma((freedom + 1) / 2) / gamma(freedom / 2) / sqrt(freedom * pi)


def board(devices: Sequence[Together], columns: Sequence[str], priors: Priors) -> Board:
    """Lay out what is known of the devices, a column per kind."""
    place = {kind: number for number, kind in enumerate(columns)}
    cells = np.zeros((len(devices), len(columns), _FIELDS), dtype=np.float64)
    cells[:, :, 2] = cells[:, :, 3] = 1.0
    for row, device in enumerate(devices):
        for number, seen in enumerate(device.meters):
            cells[row, place[column(seen, number)]] = _facts(seen, priors)
    new, last, centre, spread, most, full, known, awaited = np.moveaxis(cells, 2, 0)
    whole = np.int64
    return Board(
        new.astype(whole), last.astype(whole), centre, spread, most.astype(whole),
        np.abs(full).astype(whole), full > 0, known > 0, awaited > 0,
    )  # fmt: skip


def column(seen: Seen, number: int) -> str:
    """The kind of a meter; where nobody says, its place on the device.

    >>> from datetime import date
    >>> from releveur.rules.metering import Reading
    >>> new = Reading(date(2022, 4, 5), 210)
    >>> column(Seen("412", new, None, None, None), 1)
    '#1'
    """
    return seen.kind or f"#{number}"


def columns(devices: Sequence[Together]) -> list[str]:
    """Every kind of meter on these devices, in the order they come."""
    found = (column(seen, n) for device in devices for n, seen in enumerate(device.meters))
    return list(dict.fromkeys(found))


def _facts(seen: Seen, priors: Priors) -> tuple[float, ...]:
    last = of_segment(seen, seen.last_real)
    if last is None:
        return (seen.new.value, 0, 1, 1, ENDLESS, 0, 0, 0)
    wondering = seen.expected is not None or seen.new.value < last.value
    if seen.expected is None:
        centre, spread = log1p(USUAL), priors.blind
    else:
        awaited = max(0, seen.expected) + 1
        own = priors.scale if seen.spread is None else max(seen.spread, GRAIN)
        centre, spread = log1p(awaited - 1), hypot(own, 1 / sqrt(awaited))
    most = ENDLESS if seen.fullest is None else last.value + max(0, seen.fullest)
    full = 10.0 ** (seen.digits or len(str(last.value)))
    if seen.digits and full > last.value:
        most = min(most, int(full) - 1)
    signed = full if seen.digits else -full
    return (
        seen.new.value,
        last.value,
        centre,
        spread,
        most,
        signed,
        wondering,
        seen.expected is not None,
    )
