"""What is told as usual: around the expectation, as wide as the past strayed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from releveur.rules.habits import spread
from releveur.rules.metering import Quality, Reading
from releveur.rules.priors import PRIORS
from releveur.rules.usual import usual_volume

FIRST = date(2018, 1, 5)
QUARTER = timedelta(91)
VOLUMES = st.lists(st.integers(0, 50_000), max_size=16)


def past(volumes: Sequence[int]) -> list[Reading]:
    values = accumulate(volumes, initial=10_000)
    return [Reading(FIRST + n * QUARTER, value) for n, value in enumerate(values)]


def usual(volumes: Sequence[int], expected: int) -> tuple[int, int]:
    history = past(volumes)
    since = history[-1].taken_on
    found = usual_volume(history, since=since, until=since + QUARTER, expected=expected)
    assert found is not None
    return found


@given(VOLUMES, st.integers(0, 10**7))
def test_what_is_expected_is_always_usual(volumes: list[int], expected: int) -> None:
    low, high = usual(volumes, expected)
    assert 0 <= low <= expected <= high


@given(VOLUMES)
def test_only_real_readings_before_the_span_speak(volumes: list[int]) -> None:
    history = past(volumes)
    since = history[-1].taken_on
    later = Reading(since + QUARTER, history[-1].value + 9_999_999)
    guess = Reading(since - timedelta(20), history[-1].value, Quality.ESTIMATED)
    assert spread([*history, later, guess], until=since) == spread(history, until=since)


def test_the_season_is_no_straying() -> None:
    """A school prints little in summer, each year: what returns is expected."""
    seasonal = spread(past([2_000, 1_500, 400, 1_800] * 4), until=date.max)
    wild = spread(past([2_000, 400, 1_800, 1_500, 400, 2_000, 1_500, 1_800] * 2), until=date.max)
    assert seasonal < 0.6 * wild


def test_few_spans_leave_it_where_meters_usually_are() -> None:
    assert spread(past([1_500]), until=date.max) == PRIORS.unlearned
    assert 0.6 * PRIORS.scale < spread(past([1_500, 1_500]), until=date.max) < PRIORS.scale
    assert abs(spread(past([1_500, 1_900]), until=date.max) - PRIORS.scale) < 0.02


def test_one_wild_span_widens_it_less_than_many() -> None:
    once = spread(past([1_500] * 10 + [9_000]), until=date.max)
    often = spread(past([1_500, 9_000] * 6), until=date.max)
    assert once < 0.3 * often


def test_a_new_board_is_no_straying() -> None:
    history = past([1_500] * 4)
    board = Reading(history[-1].taken_on + timedelta(3), 0, segment=2)
    after = [board, Reading(history[-1].taken_on + QUARTER, 1_450, segment=2)]
    assert spread([*history, *after], until=date.max) < PRIORS.scale
