"""What was meant, when one digit went wrong on the way from the display to the field.

Every value that becomes the typed one by one slip: a digit wrong, missing, too many (half the time
one that is doubled), or two neighbours transposed. Each comes with the probability that the slip
turns it into just this. All at once, for many values: tables per length, no loop over candidates.

    kind        values     probability of each
    wrong       9 L        1 / 9 L
    missing     10 (L+1)   1 / (L+1)
    too many    L          1 / 20 L, and 1 / 2 (L-1) more when it doubles its neighbour
    transposed  L - 1      1 / (L-1)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

LONGEST = 13
"""Digits: one more than a register has."""

POWERS = 10 ** np.arange(LONGEST + 1, dtype=np.int64)

type Integers = NDArray[np.int64]
type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Places:
    """The probabilities of one length, per place (and digit)."""

    wrong: Floats
    missing: Floats
    too_many: Floats
    doubled: Floats
    transposed: Floats


def meant(typed: Integers) -> tuple[Integers, Floats]:
    """Return the values that one slip turns into each typed one, and the slip's probability.

    The four kinds are equally likely. Both of shape (typed, candidates); what is no candidate has
    probability 0, and the same value may stand there more than once.

    >>> values, chances = meant(np.array([39_648]))
    >>> [round(float(chances[values == value].sum()), 4) for value in (39_684, 41_200, 3_948)]
    [0.0625, 0.0, 0.0025]
    """
    longest = len(str(int(typed.max(initial=0))))
    places = POWERS[: longest + 1]
    above, below = typed[:, None] // places, typed[:, None] % places
    digit = above % 10
    tables = _tables(tuple(len(str(value)) for value in typed.tolist()), longest)
    return _values(typed, above, below, digit), _chances(digit, tables)


def _values(typed: Integers, above: Integers, below: Integers, digit: Integers) -> Integers:
    n, places = digit.shape
    power = POWERS[:places]
    wrong = typed[:, None, None] + (_TEN - digit[:, :-1, None]) * power[:-1, None]
    missing = (above * (10 * power) + below)[:, :, None] + _TEN * power[:, None]
    too_many = above[:, 1:] * power[:-1] + below[:, :-1]
    turned = typed[:, None] + (digit[:, 1:-1] - digit[:, :-2]) * (power[:-2] - power[1:-1])
    parts = (wrong.reshape(n, -1), missing.reshape(n, -1), too_many, turned)
    return np.concatenate(parts, axis=1)


def _chances(digit: Integers, tables: Places) -> Floats:
    n = len(digit)
    own = digit[:, :-1]
    wrong = tables.wrong * (own[:, :, None] != _TEN)
    equal = own[:, 1:] == own[:, :-1]
    too_many = tables.too_many.copy()
    too_many[:, :-1] += tables.doubled * equal
    turned = tables.transposed * ~equal
    parts = (wrong.reshape(n, -1), tables.missing.reshape(n, -1), too_many, turned)
    return np.concatenate(parts, axis=1) / 4


_TEN = np.arange(10, dtype=np.int64)


@lru_cache(maxsize=500)
def _tables(lengths: tuple[int, ...], longest: int) -> Places:
    each = [_places(length, longest) for length in lengths]
    return Places(
        wrong=np.stack([one.wrong for one in each]),
        missing=np.stack([one.missing for one in each]),
        too_many=np.stack([one.too_many for one in each]),
        doubled=np.stack([one.doubled for one in each]),
        transposed=np.stack([one.transposed for one in each]),
    )


@lru_cache(maxsize=200)
def _places(length: int, longest: int) -> Places:
    """A first digit is never 0, but of a value of one digit."""
    wrong = np.zeros((longest, 10))
    wrong[:length] = 1 / (9 * length)
    missing = np.zeros((longest + 1, 10))
    missing[: length + 1] = 1 / (length + 1)
    too_many, doubled, transposed = np.zeros(longest), np.zeros(longest - 1), np.zeros(longest - 1)
    if length > 1:
        wrong[length - 1, 0] = 0
        too_many[:length] = 1 / (20 * length)
        doubled[: length - 1] = 1 / (2 * (length - 1))
        transposed[: length - 1] = 1 / (length - 1)
    missing[length, 0] = 0
    return Places(wrong, missing, too_many, doubled, transposed)
