"""How the impressions between two real readings lie, where a meter has a season.

The meter's own line one year earlier says it: a school that stood still in August did so last August
too. Where real readings do not reach over the same days of the year before, or say nothing, days decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from releveur.rules.metering import Curve, by_days, index_at

YEAR = timedelta(days=365)


def by_season(points: Curve, cuts: Sequence[date]) -> Sequence[int] | Sequence[Fraction]:
    """As the same days lay one year earlier, 365 days before.

    Only what was read before the first cut counts: the new reading says nothing of the year before.
    By days where the line does not reach, where a part of it goes down, and where nothing was printed.

    :param points: the line through the real readings of the meter
    :param cuts: the first and the last day, and those between; ascending

    >>> year = [(date(2021, 1, 5), 0), (date(2021, 4, 5), 900), (date(2021, 7, 5), 1_000)]
    >>> points = [*year, (date(2022, 1, 5), 2_000), (date(2022, 7, 5), 2_700)]
    >>> by_season(points, [date(2022, 1, 5), date(2022, 4, 5), date(2022, 7, 5)])
    [Fraction(900, 1), Fraction(100, 1)]
    """
    known = [point for point in points if point[0] <= cuts[0]]
    counts = [index_at(known, cut - YEAR) for cut in cuts]
    reached = [count for count in counts if count is not None]
    shares = [after - before for before, after in pairwise(reached)]
    if len(reached) < len(cuts) or sum(shares) <= 0 or min(shares) < 0:
        return by_days(points, cuts)
    return shares
