"""What a meter usually prints in a span of days: told beside the field, before anybody asks.

docs/rules/validation.md has the worked numbers. The middle is what the estimator expects of these very
days, its season included; the width is how far this meter's past strayed from such expectations. Eight
times of ten a true value lies inside. This is no limit: what asks for a confirmation is far wider
(`validation.Limits`); but who reads « habituellement 1 200 à 1 600 » sees a slip of the finger herself.
"""

from __future__ import annotations

from datetime import date
from math import ceil, exp, floor

from releveur.rules import habits
from releveur.rules.metering import History

EIGHT_OF_TEN = 1.476
"""Of Student's t with five degrees of freedom, how many scales hold eight values of ten."""


def usual_volume(
    history: History, *, since: date, until: date, expected: int | None
) -> tuple[int, int] | None:
    """Return the least and the most impressions this meter usually prints in (since, until].

    :param expected: `estimation.expected_volume` of the same days; None when nobody knows, and then
        nothing is usual

    Rounded outwards to two digits.

    >>> from datetime import timedelta
    >>> from releveur.rules.metering import Reading
    >>> values = [0, 900, 2_100, 3_150]
    >>> past = [Reading(date(2021, 1, 5) + n * timedelta(90), v) for n, v in enumerate(values)]
    >>> usual_volume(past, since=date(2021, 10, 2), until=date(2022, 1, 1), expected=1_062)
    (760, 1500)
    >>> usual_volume([], since=date(2022, 1, 5), until=date(2022, 4, 5), expected=None)
    """
    if expected is None:
        return None
    reach = exp(EIGHT_OF_TEN * habits.spread(history, until=since))
    middle = expected + 1
    return _down(max(0.0, middle / reach - 1)), _up(middle * reach - 1)


def _down(volume: float) -> int:
    unit = _unit(volume)
    return floor(volume / unit) * unit


def _up(volume: float) -> int:
    unit = _unit(volume)
    return ceil(volume / unit) * unit


def _unit(volume: float) -> int:
    """What the second digit counts: 10 of 910, 100 of 1 300."""
    digits = len(str(floor(volume)))
    return int(10 ** max(0, digits - 2))
