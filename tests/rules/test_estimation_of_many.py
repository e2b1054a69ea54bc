"""What is said of many meters at once is what is said of each alone, to the last digit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from releveur.rules import metering
from releveur.rules.curves import FIRST_DAY
from releveur.rules.estimation import Surroundings, estimate
from releveur.rules.estimation_of_many import Past, Wanted, estimate_many
from releveur.rules.metering import Quality, Reading
from releveur.rules.surroundings import WHOLE

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
surroundings = st.builds(
    Surroundings,
    season=st.just(()) | st.tuples(*[st.integers(100, 30_000)] * 12),
    factor=st.integers(2_000, 40_000).map(lambda share: Fraction(share, WHOLE)),
    reporters=st.integers(0, 400),
    variety=st.floats(0, 2),
    noise=st.floats(0, 2),
    drifts=st.tuples(*[st.floats(-0.7, 0.7)] * 3),
    trusts=st.tuples(*[st.floats(-0.7, 0.7)] * 2),
    reach=st.floats(0.5, 3),
    pages_a_minute=st.none() | st.integers(1, 120),
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
    st.none() | surroundings,
)
type Meter = tuple[list[Reading], Wanted, Fraction | None, Surroundings | None]

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
@example([(EVEN, ON, None, None), ([], ON, Fraction(76, 5), None), (EVEN[:1], ON, None, None)])
@example([(SPANNING, Wanted(date(2081, 1, 1)), None, None)])
def test_many_are_estimated_as_each_alone(fleet: list[Meter]) -> None:
    alone = [
        estimate(
            metering.ordered(history), on=one.on, billed=one.billed,
            monthly_volume=one.monthly_volume, model_daily=rate, around=around,
        )
        for history, one, rate, around in fleet
    ]  # fmt: skip
    together = estimate_many(
        past([history for history, *_rest in fleet]),
        [one for _history, one, *_rest in fleet],
        model_daily=lambda place: fleet[place][2],
        around=[around for *_rest, around in fleet],
    )
    assert together == alone


@given(st.lists(near, min_size=2, max_size=9))
def test_the_model_is_asked_only_for_meters_without_a_past(history: list[Reading]) -> None:
    asked: list[int] = []
    wanted = [Wanted(date(2024, 1, 1)), Wanted(date(2024, 1, 1), monthly_volume=500), ON]
    estimate_many(past([history, [], []]), wanted, model_daily=asked.append)
    days = {one.taken_on for one in history}
    assert asked == ([2] if len(days) > 1 else [0, 2])
