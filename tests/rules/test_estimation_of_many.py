"""What is said of many meters at once is what is said of each alone, to the last digit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from releveur.rules import metering
from releveur.rules.estimation import estimate
from releveur.rules.estimation_of_many import FIRST_DAY, Past, Wanted, estimate_many
from releveur.rules.metering import Quality, Reading

LARGEST = 10**12 - 1
qualities = st.sampled_from([Quality.ACTUAL, Quality.AGREED])
near = st.builds(
    Reading,
    taken_on=st.dates(date(2019, 1, 1), date(2022, 12, 31)),
    value=st.integers(0, 10**6),
    quality=qualities,
    segment=st.integers(1, 3),
)
wide = st.builds(
    Reading,
    taken_on=st.dates(date(1980, 1, 1), date(2080, 12, 31)),
    value=st.integers(0, LARGEST),
    quality=qualities,
    segment=st.integers(1, 3),
)
meters = st.tuples(
    st.lists(near, max_size=9) | st.lists(wide, max_size=9),
    st.builds(
        Wanted,
        on=st.dates(date(2020, 1, 1), date(2024, 12, 31)),
        billed=st.none() | near,
        monthly_volume=st.none() | st.integers(0, 100_000),
    ),
    st.none() | st.fractions(0, 1_000, max_denominator=400),
)
type Meter = tuple[list[Reading], Wanted, Fraction | None]

EVEN = [Reading(date(2021, 1, 5), 33_600), Reading(date(2022, 1, 5), 39_684)]
SPANNING = [Reading(date(1980, 1, 1), 0), Reading(date(2080, 1, 1), LARGEST)]
ON = Wanted(date(2022, 4, 5))


def past(histories: Sequence[Sequence[Reading]]) -> Past:
    rows = [
        (place, one.segment, (one.taken_on - FIRST_DAY).days, one.value, one.quality)
        for place, history in enumerate(histories)
        for one in metering.ordered(history)
    ]
    columns = list(zip(*rows, strict=True)) or [()] * 5
    places, segments, days, values = (np.array(one, dtype=np.int64) for one in columns[:4])
    agreed = np.array([one is Quality.AGREED for one in columns[4]], dtype=np.bool_)
    return Past(places, segments, days, values, agreed)


@given(st.lists(meters, max_size=6))
@example([(EVEN, ON, None), ([], ON, Fraction(76, 5)), (EVEN[:1], ON, None)])
@example([(SPANNING, Wanted(date(2081, 1, 1)), None)])
def test_many_are_estimated_as_each_alone(fleet: list[Meter]) -> None:
    alone = [
        estimate(
            metering.ordered(history), on=one.on, billed=one.billed,
            monthly_volume=one.monthly_volume, model_daily=rate,
        )
        for history, one, rate in fleet
    ]  # fmt: skip
    together = estimate_many(
        past([history for history, _one, _rate in fleet]),
        [one for _history, one, _rate in fleet],
        model_daily=lambda place: fleet[place][2],
    )
    assert together == alone


@given(st.lists(near, min_size=2, max_size=9))
def test_the_model_is_asked_only_for_meters_without_a_past(history: list[Reading]) -> None:
    asked: list[int] = []
    wanted = [Wanted(date(2024, 1, 1)), Wanted(date(2024, 1, 1), monthly_volume=500), ON]
    estimate_many(past([history, [], []]), wanted, model_daily=asked.append)
    days = {one.taken_on for one in history}
    assert asked == ([2] if len(days) > 1 else [0, 2])
