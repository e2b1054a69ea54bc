"""How a volume between two real readings lies over its days: by the season that the estimator knows.

What `metering.split` cuts in proportion to days can be cut in proportion to these weights instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np

from releveur.rules import curves, metering, season
from releveur.rules.curves import FIRST_DAY
from releveur.rules.metering import History
from releveur.rules.season import Kin
from releveur.rules.surroundings import NOTHING_KNOWN, WHOLE, Surroundings

_OWN = 0.6
"""How much the meter's own months count beside those of its kin."""


def weights(
    history: History, days: Sequence[date], *, around: Surroundings | None = None
) -> list[int]:
    """Weigh the stretches between consecutive days; where every month is alike, in ten-thousandths of days.

    The months that the meter printed before the first of these days, mixed with those of its kin.

    :param history: readings of the meter, in any order; those after the first day are left aside
    :param days: ascending, two at least
    :param around: what its kin prints; without it, the own months are drawn towards even ones

    Two months, the second of which is usually half as busy:

    >>> kin = Surroundings(season=(12_000, 6_000, *(10_200,) * 10))
    >>> weights([], [date(2022, 1, 1), date(2022, 2, 1), date(2022, 3, 1)], around=kin)
    [372000, 168000]
    >>> metering.split(540, [372_000, 168_000])
    [372, 168]
    """
    known = _mixed(history, days[0], around or NOTHING_KNOWN)
    kin = Kin([known], np.zeros(1, dtype=np.int64))
    passed = [int(kin.passed(np.array([(day - FIRST_DAY).days]))[0]) for day in days]
    return [after - before for before, after in pairwise(passed)]


def _mixed(history: History, until: date, around: Surroundings) -> Surroundings:
    """The months of the kin with those of the meter, where it was read for a year before."""
    real = (one for one in metering.real(history) if one.taken_on <= until)
    rows = [
        (one.segment, (one.taken_on - FIRST_DAY).days, one.value) for one in metering.ordered(real)
    ]
    segments, days, values = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    lines = curves.draw(np.zeros_like(days), segments, days, values, meters=1)
    own, known = season.months(lines, lines.last)
    if not known[0]:
        return around
    of_kin = np.log(np.array(around.season or (WHOLE,) * 12) / WHOLE)
    told = season.shares(_OWN * own[0] + (1 - _OWN) * of_kin)
    return replace(around, season=tuple(told.tolist()))
