"""What meters will show, from a past that is at hand: many at once, and in numbers alone.

A sheet asks for a dozen of them and has no time; `estimating.foresee` says the same with its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from releveur.readings.submission import Facts
from releveur.rules import metering
from releveur.rules.curves import FIRST_DAY
from releveur.rules.estimation import Estimate, Method
from releveur.rules.estimation_of_many import Past, Wanted, estimate_many
from releveur.rules.metering import Quality
from releveur.rules.usual import usual_volume


@dataclass(frozen=True, slots=True)
class Ahead:
    """A meter's past, and the day for which a value is wanted."""

    known: Facts
    on: date


def foresee(those: Sequence[Ahead]) -> list[Estimate]:
    """The estimate of each, by its own past or its expected volume; the others of its model are not asked."""
    wanted = [
        Wanted(one.on, one.known.billed[-1] if one.known.billed else None, one.known.monthly_volume)
        for one in those
    ]
    return estimate_many(_past(those), wanted, model_daily=lambda _place: None)


def usual(those: Sequence[Ahead]) -> list[tuple[int, int] | None]:
    """What each meter usually prints from its last real reading to its day; None where nobody knows."""
    lasts = [metering.last_real(one.known.history, until=one.on) for one in those]
    return [
        usual_volume(one.known.history, since=last.taken_on, until=one.on, expected=found.volume)
        if last and last.taken_on < one.on and found.method is not Method.NOTHING
        else None
        for one, last, found in zip(those, lasts, foresee(those), strict=True)
    ]


def _past(those: Sequence[Ahead]) -> Past:
    rows = [
        (
            place, read.segment, (read.taken_on - FIRST_DAY).days, read.value,
            read.quality is Quality.AGREED,
        )
        for place, one in enumerate(those)
        for read in metering.ordered(metering.real(one.known.history))
    ]  # fmt: skip
    places, segments, days, values, agreed = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    return Past(places, segments, days, values, agreed.astype(np.bool_))
