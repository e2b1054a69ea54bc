"""A volume between two readings is cut by the season, to the page."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from releveur.rules import metering
from releveur.rules.metering import Reading
from releveur.rules.surroundings import Surroundings
from releveur.rules.weighing import weights
from tests.rules.test_estimation_of_many import near, surroundings

DAYS = st.lists(st.dates(date(2019, 1, 1), date(2024, 12, 31)), min_size=2, max_size=6, unique=True)


@given(
    st.lists(near, max_size=9), DAYS.map(sorted), st.none() | surroundings, st.integers(0, 10**6)
)
def test_whatever_the_season_the_parts_add_up(
    history: list[Reading], days: list[date], around: Surroundings | None, volume: int
) -> None:
    found = weights(history, days, around=around)
    assert all(weight > 0 for weight in found)
    assert sum(metering.split(volume, found)) == volume


def test_without_a_year_of_its_own_nor_a_kin_days_are_alike() -> None:
    cuts = [date(2022, 1, 5), date(2022, 4, 5), date(2022, 7, 5)]
    assert weights([Reading(date(2022, 1, 5), 39_684)], cuts) == [90 * 10_000, 91 * 10_000]


def test_a_summer_that_was_quiet_weighs_less() -> None:
    past = [
        Reading(date(2021, 1, 1), 0), Reading(date(2021, 7, 1), 9_000),
        Reading(date(2021, 9, 1), 9_300), Reading(date(2022, 1, 1), 15_000),
    ]  # fmt: skip
    spring, summer = weights(past, [date(2022, 4, 30), date(2022, 7, 1), date(2022, 9, 1)])
    assert summer < spring / 3
