"""What is declared, what is known beside it, and what a check may find: the words of validation.

docs/rules/validation.md explains them with numbers; `validation` holds the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor

from releveur.rules.metering import Reading


class Demand(StrEnum):
    """What a finding asks of the person who declares."""

    NOTHING = "NOTHING"
    CONFIRM = "CONFIRM"
    PROOF = "PROOF"
    REVIEW = "REVIEW"

    @property
    def rank(self) -> int:
        """Order of what is asked: 0 asks nothing, the highest most."""
        return list(Demand).index(self)


class Code(StrEnum):
    """What is surprising, and from `WITHIN_TOLERANCE` on what explains it best."""

    LOWER_THAN_LAST = "LOWER_THAN_LAST"
    LOWER_THAN_ESTIMATE = "LOWER_THAN_ESTIMATE"
    UNCHANGED = "UNCHANGED"
    UNUSUAL_LOW = "UNUSUAL_LOW"
    UNUSUAL_HIGH = "UNUSUAL_HIGH"
    WITHIN_TOLERANCE = "WITHIN_TOLERANCE"
    SWAPPED = "SWAPPED"
    TOTAL_AS_MONO = "TOTAL_AS_MONO"
    MISTYPED = "MISTYPED"
    OTHER_DEVICE = "OTHER_DEVICE"
    ROWS_EXCHANGED = "ROWS_EXCHANGED"
    SAME_AS_OTHER = "SAME_AS_OTHER"
    SHIFTED = "SHIFTED"
    RESET = "RESET"
    ROLLED_OVER = "ROLLED_OVER"
    REPLACED = "REPLACED"
    TOO_FAST = "TOO_FAST"
    DIGITS = "DIGITS"
    DO_NOT_ADD_UP = "DO_NOT_ADD_UP"


@dataclass(frozen=True, slots=True)
class Limits:
    """The dealer's settings: a photo below our own estimate, and how far a volume may stray.

    How far it may stray counts where a meter's habits are unknown (`Seen.spread` is None).
    """

    photo_below_estimate: bool = True
    lowest: Fraction = Fraction(1, 3)
    highest: Fraction = Fraction(3)
    slack: int = 200


LIMITS = Limits()
"""The seed's."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A new reading of one meter beside what is known of it.

    `key` names the meter to the caller. `expected`: impressions between the last real reading and
    the new one. `usual`: what it usually prints in that time, for the words of a finding only.
    `kind`: MONO, COLOR, TOTAL …; `digits` of its display; `spread`: scale of log(volume + 1) around
    the expected one, see `habits`; `fullest`: the most the model can print in that time.
    """

    key: str
    new: Reading
    last_real: Reading | None
    last_billed: Reading | None
    expected: int | None
    usual: tuple[int, int] | None = None
    kind: str = ""
    digits: int | None = None
    spread: float | None = None
    fullest: int | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """Kinds of meter that add up exactly on a model: mono + colour = total."""

    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """One device as it was declared, or as it is known: then what its meters show is not looked at.

    `tolerance`: impressions below the last value that the maker's documentation grants. `row`: its
    place on the sheet or in the spreadsheet, the order people fill.
    """

    key: str
    meters: tuple[Seen, ...]
    tolerance: int = 0
    relations: tuple[Relation, ...] = ()
    row: int | None = None


type Mend = tuple[tuple[str, int], ...]
"""The key of a meter and the value probably meant."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One surprise. `key` is empty when it speaks of the whole device.

    `over`: impressions below the last value or our estimate; else the volume. `low` and `high`: the
    usual range of the volume, as it is told. `mended`: the values that one click puts right, and
    `others`: further proposals, best first. `other`: the device it speaks of beside its own.
    """

    code: Code
    demand: Demand
    key: str
    over: int
    low: int | None = None
    high: int | None = None
    mended: Mend = ()
    others: tuple[Mend, ...] = ()
    other: str = ""


def usual_range(expected: int, limits: Limits) -> tuple[int, int]:
    """Return the smallest and largest volume that surprise nobody, both included.

    >>> usual_range(1500, Limits())
    (300, 4700)
    """
    awaited = max(0, expected)
    low = ceil(awaited * limits.lowest) - limits.slack
    return max(0, low), floor(awaited * limits.highest) + limits.slack


def of_segment(seen: Seen, past: Reading | None) -> Reading | None:
    """A value of another segment says nothing about this one.

    >>> from datetime import date
    >>> new, old = Reading(date(2022, 4, 5), 210, segment=2), Reading(date(2022, 1, 5), 39_684)
    >>> of_segment(Seen("mono", new, old, old, 1500), old) is None
    True
    """
    return past if past is not None and past.segment == seen.new.segment else None
