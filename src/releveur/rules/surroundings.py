"""What is known around one meter: how the meters like it print, and what this campaign itself tells."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

WHOLE = 10_000
"""Shares are counted in ten-thousandths: 8 200 is 18 % less."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Of one meter's kin (its model and kind) within the fleet; as it stands here, nothing is known.

    The values that stand here are those of a fleet of which nothing was measured yet.

    >>> Surroundings(factor=Fraction(26, 25), reporters=12).season
    ()
    """

    season: tuple[int, ...] = ()
    """What the kin prints a day from January to December, its mean being 10 000; empty: evenly."""

    factor: Fraction = Fraction(1)
    """What those who answered printed this time, divided by what was to be expected of them."""

    reporters: int = 0
    """How many meters of the kin the factor rests on; 0: the fleet alone speaks."""

    variety: float = 0.06
    """How much the seasons of one kin differ from meter to meter: variance of their logarithms."""

    noise: float = 0.04
    """How much one meter's season differs from year to year: variance of its logarithms."""

    drifts: tuple[float, float, float] = (0.0, 0.0, 0.1)
    """How much of the latest change goes on, of meters known for less than a year, a year, and longer."""

    trusts: tuple[float, float] = (0.0, 0.0)
    """How much more the own season counts than variety and noise let expect: known for a year, longer."""

    reach: float = 1.4
    """How many times its spread a meter's interval reaches to either side."""

    pages_a_minute: int | None = None
    """What the model can print, where that is known."""


NOTHING_KNOWN = Surroundings()
