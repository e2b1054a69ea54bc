"""What a dealer's own campaigns teach the checks: how often each thing goes wrong there, how far volumes stray.

Each share is drawn towards the product's own, as if that had been seen in `WEIGHT` declarations more:

    prior = (times + WEIGHT × the product's own) ÷ (declarations + WEIGHT)

The scale of honest volumes likewise, by its square. docs/rules/validation.md has a worked example.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import sqrt

from releveur.rules.findings import Code
from releveur.rules.priors import PRIORS, Priors

WEIGHT = 2_000
"""Declarations for which the product's own priors count."""

NAMES: Mapping[Code, str] = {
    Code.MISTYPED: "mistyped",
    Code.SWAPPED: "swapped",
    Code.UNCHANGED: "unchanged",
    Code.TOTAL_AS_MONO: "total",
    Code.OTHER_DEVICE: "other_device",
    Code.ROWS_EXCHANGED: "exchanged",
    Code.SAME_AS_OTHER: "same",
    Code.SHIFTED: "shifted",
    Code.RESET: "reset",
    Code.REPLACED: "replaced",
}
"""The priors that a finding which proved right speaks for."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """What was seen: declarations of a device, those that something had happened to, and how volumes strayed.

    :param strayed: sum of the squares of log(volume + 1) - log(expected + 1), and how many
    """

    declarations: int = 0
    proved: Mapping[Code, int] = field(default_factory=dict)
    strayed: tuple[float, int] = (0.0, 0)


def learned(lessons: Lessons, own: Priors = PRIORS) -> Priors:
    """Draw the priors of one dealer from what was seen there.

    Forty exchanged counters in eight thousand declarations:

    >>> round(learned(Lessons(8_000, {Code.SWAPPED: 40})).swapped, 4)
    0.0052
    >>> learned(Lessons()) == PRIORS
    True
    """
    whole = lessons.declarations + WEIGHT
    shares = {
        name: (lessons.proved.get(code, 0) + WEIGHT * getattr(own, name)) / whole
        for code, name in NAMES.items()
    }
    squares, count = lessons.strayed
    scale = sqrt((squares + WEIGHT * own.scale**2) / (count + WEIGHT))
    return replace(own, **shares, scale=scale)
