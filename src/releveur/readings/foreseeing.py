"""What meters will show, from a past that is at hand: many at once, and in numbers alone.

A sheet asks for a dozen of them and has no time; `estimating.foresee` says the same with its words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from releveur.readings.submission import Facts
from releveur.rules import curves, metering
from releveur.rules.estimation import Estimate, Method
from releveur.rules.estimation_of_many import Past, Wanted, estimate_many
from releveur.rules.metering import Quality
from releveur.rules.surroundings import Surroundings
from releveur.rules.usual import usual_volume


@dataclass(frozen=True, slots=True)
class Ahead:
    """A meter's past, and the day for which a value is wanted."""

    known: Facts
    on: date


@dataclass(frozen=True, slots=True)
class Expected:
    """What a meter is thought to print from its last real reading to its day, and the usual range of it.

    None where nobody knows; where that reading is of the very day, nothing is usual.
    """

    volume: int | None = None
    usual: tuple[int, int] | None = None


def foresee(
    those: Sequence[Ahead],
    *,
    model_daily: Callable[[int], Fraction | None] = lambda _place: None,
    around: Sequence[Surroundings | None] = (),
) -> list[Estimate]:
    """The estimate of each, by its own past or its expected volume.

    :param model_daily: what the others of its model print a day, by place; else they are not asked
    :param around: what the kin and the campaign tell of each; else nothing
    """
    wanted = [
        Wanted(one.on, one.known.billed[-1] if one.known.billed else None, one.known.monthly_volume)
        for one in those
    ]
    return estimate_many(_past(those), wanted, model_daily=model_daily, around=around)


def expect(those: Sequence[Ahead]) -> list[Expected]:
    """What is expected of each since its last real reading; nothing of a meter without one."""
    lasts = [metering.last_real(one.known.history, until=one.on) for one in those]
    return [
        _expected(one, last, found) if last and found.method is not Method.NOTHING else Expected()
        for one, last, found in zip(those, lasts, foresee(those), strict=True)
    ]


def _expected(one: Ahead, last: metering.Reading, found: Estimate) -> Expected:
    if last.taken_on >= one.on:
        return Expected(found.volume)
    span = {"since": last.taken_on, "until": one.on}
    return Expected(found.volume, usual_volume(one.known.history, **span, expected=found.volume))


def _past(those: Sequence[Ahead]) -> Past:
    rows = [
        (
            place, read.segment, curves.number_of(read.taken_on), read.value,
            read.quality is Quality.AGREED,
        )
        for place, one in enumerate(those)
        for read in metering.ordered(metering.real(one.known.history))
    ]  # fmt: skip
    places, segments, days, values, agreed = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    return Past(places, segments, days, values, agreed.astype(np.bool_))
