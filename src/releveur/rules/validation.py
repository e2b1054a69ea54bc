"""What is surprising about the values of one device, and what we ask for it.

A finding never refuses an honest value: it asks for one tick, or for a photo. Per meter the first
rule that speaks is the only one heard, so that one cause asks one question.
docs/rules/validation.md has the worked numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    """What is surprising."""

    LOWER_THAN_LAST = "LOWER_THAN_LAST"
    LOWER_THAN_ESTIMATE = "LOWER_THAN_ESTIMATE"
    UNCHANGED = "UNCHANGED"
    UNUSUAL_LOW = "UNUSUAL_LOW"
    UNUSUAL_HIGH = "UNUSUAL_HIGH"


@dataclass(frozen=True, slots=True)
class Limits:
    """The dealer's settings: a photo below our own estimate, and how far a volume may stray."""

    photo_below_estimate: bool = True
    lowest: Fraction = Fraction(1, 3)
    highest: Fraction = Fraction(3)
    slack: int = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """A new reading of one meter beside what is known of it.

    `key` names the meter to the caller. `expected`: impressions between the last real reading and
    the new one. `usual`: what it usually prints in that time, for the words of a finding only.
    """

    key: str
    new: Reading
    last_real: Reading | None
    last_billed: Reading | None
    expected: int | None
    usual: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One surprise. `key` is empty when it speaks of the whole device.

    `over`: impressions below the last value or our estimate; else the volume. `low` and `high`: the
    usual range of the volume, as it is told.
    """

    code: Code
    demand: Demand
    key: str
    over: int
    low: int | None = None
    high: int | None = None


type Rule = Callable[[Seen, Limits], Finding | None]


def usual_range(expected: int, limits: Limits) -> tuple[int, int]:
    """Return the smallest and largest volume that surprise nobody, both included.

    >>> usual_range(1500, Limits())
    (300, 4700)
    """
    awaited = max(0, expected)
    low = ceil(awaited * limits.lowest) - limits.slack
    return max(0, low), floor(awaited * limits.highest) + limits.slack


def lower_than_last(seen: Seen, limits: Limits) -> Finding | None:
    """Ask for a photo when a value went below the last real one."""
    last = _of_segment(seen, seen.last_real)
    if last is None or seen.new.value >= last.value:
        return None
    return Finding(Code.LOWER_THAN_LAST, Demand.PROOF, seen.key, last.value - seen.new.value)


def lower_than_estimate(seen: Seen, limits: Limits) -> Finding | None:
    """Own up when only our estimate was too high: a photo by the dealer's setting."""
    billed = _of_segment(seen, seen.last_billed)
    if billed is None or billed.quality.is_real or seen.new.value >= billed.value:
        return None
    demand = Demand.PROOF if limits.photo_below_estimate else Demand.NOTHING
    return Finding(Code.LOWER_THAN_ESTIMATE, demand, seen.key, billed.value - seen.new.value)


def unusual_volume(seen: Seen, limits: Limits) -> Finding | None:
    """Ask to confirm a volume outside the usual range."""
    last = _of_segment(seen, seen.last_real)
    if last is None or seen.expected is None:
        return None
    volume = seen.new.value - last.value
    low, high = usual_range(seen.expected, limits)
    if low <= volume <= high:
        return None
    code = Code.UNUSUAL_LOW if volume < low else Code.UNUSUAL_HIGH
    low, high = seen.usual or (low, high)
    return Finding(code, Demand.CONFIRM, seen.key, volume, low, high)


RULES: tuple[Rule, ...] = (lower_than_last, lower_than_estimate, unusual_volume)


def check(device: Sequence[Seen], *, limits: Limits = Limits()) -> tuple[Finding, ...]:
    """Confront the new values of one device with its past.

    :param device: every meter that was declared together
    :returns: one finding for the device when no meter moved, else at most one per meter

    >>> from datetime import date
    >>> last = Reading(date(2022, 1, 5), 39_684)
    >>> seen = Seen("mono", Reading(date(2022, 4, 5), 39_648), last, last, 1500)
    >>> [(found.code.value, found.demand.value, found.over) for found in check([seen])]
    [('LOWER_THAN_LAST', 'PROOF', 36)]
    """
    if device and all(_is_unchanged(seen) for seen in device):
        return (Finding(Code.UNCHANGED, Demand.CONFIRM, key="", over=0),)
    first_heard = (_first_heard(seen, limits) for seen in device)
    return tuple(finding for finding in first_heard if finding)


def _first_heard(seen: Seen, limits: Limits) -> Finding | None:
    findings = (rule(seen, limits) for rule in RULES)
    return next((finding for finding in findings if finding), None)


def _is_unchanged(seen: Seen) -> bool:
    """Equal to the highest value known: the last real one, or the billed one shown beside."""
    past = (_of_segment(seen, seen.last_real), _of_segment(seen, seen.last_billed))
    return seen.new.value == max((one.value for one in past if one), default=None)


def _of_segment(seen: Seen, past: Reading | None) -> Reading | None:
    """A value of another segment says nothing about this one."""
    return past if past is not None and past.segment == seen.new.segment else None
