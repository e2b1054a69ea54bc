"""Ten things that go wrong between a display and a form, done on purpose to 5 % of the readings.

A reading is what one device shows: both its meters. Each kind is equally frequent. What remains near
enough to the truth (within 100 impressions, or a quarter of the period) is not counted as wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

type Kind = Literal[
    "substitution", "deletion", "insertion", "transposition", "swap", "duplicate", "total",
    "other_device", "reset", "rollover",
]  # fmt: skip
KINDS: tuple[Kind, ...] = Kind.__value__.__args__
DIGITS = KINDS[:4]
SHARE = 0.05

type Values = tuple[int, int]
"""Black and colour."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One device on one day: what it showed last time, what it shows now."""

    before: Values
    now: Values

    @property
    def volumes(self) -> Values:
        return self.now[0] - self.before[0], self.now[1] - self.before[1]


def is_material(typed: Values, shown: Shown) -> bool:
    """Whether the pages that would be billed wrongly are worth a question."""
    return any(
        abs(wrong - right) > max(100, volume / 4)
        for wrong, right, volume in zip(typed, shown.now, shown.volumes, strict=True)
    )


def slipped(value: int, kind: Kind, dice: np.random.Generator) -> int:
    """One digit wrong, missing, too many (half of them doubled), or two transposed."""
    text = str(value)
    place = int(dice.integers(len(text)))
    digit = str(dice.integers(10))
    match kind:
        case "substitution":
            others = [one for one in "0123456789" if one != text[place] and (place or one != "0")]
            return int(text[:place] + str(dice.choice(others)) + text[place + 1 :])
        case "deletion":
            return int(text[:place] + text[place + 1 :] or "0")
        case "insertion" if dice.random() < 0.5:
            return int(text[:place] + text[place] + text[place:])
        case "insertion":
            place = int(dice.integers(len(text) + 1))
            return int(text[:place] + digit + text[place:])
        case _transposition:
            places = [n for n in range(len(text) - 1) if text[n] != text[n + 1]]
            if not places:
                return value
            n = int(dice.choice(places))
            return int(text[:n] + text[n + 1] + text[n] + text[n + 2 :])


type Slip = Callable[[Shown, np.random.Generator], Values]


def _a_digit(kind: Kind) -> Slip:
    def slip(shown: Shown, dice: np.random.Generator) -> Values:
        mono, colour = shown.now
        if dice.random() < 0.5:
            return slipped(mono, kind, dice), colour
        return mono, slipped(colour, kind, dice)

    return slip


def _new_board(shown: Shown, dice: np.random.Generator) -> Values:
    """Both counters start anew some time in the period."""
    since = dice.uniform(0.05, 1)
    mono, colour = shown.volumes
    return round(mono * since), round(colour * since)


ALONE: Mapping[Kind, Slip] = {
    **{kind: _a_digit(kind) for kind in DIGITS},
    "swap": lambda shown, dice: (shown.now[1], shown.now[0]),
    "duplicate": lambda shown, dice: shown.before,
    "total": lambda shown, dice: (sum(shown.now), shown.now[1]),
    "reset": _new_board,
}
"""What befalls a device by itself; `other_device` needs another, `rollover` a display that is full."""
