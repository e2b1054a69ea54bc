"""A check finds, asks one question per cause, and refuses nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from releveur.rules.metering import Quality, Reading
from releveur.rules.validation import (
    Code,
    Demand,
    Finding,
    Limits,
    Seen,
    check,
    usual_range,
)

JANUARY, APRIL = date(2022, 1, 5), date(2022, 4, 5)
MONO, COLOUR = Reading(JANUARY, 39_684), Reading(JANUARY, 89_675)
GUESS = Reading(date(2022, 3, 5), 41_184, Quality.ESTIMATED)

past = st.none() | st.builds(
    Reading,
    st.just(JANUARY),
    st.integers(0, 10**6),
    st.sampled_from(Quality),
    st.integers(1, 2),
)
declared = st.builds(Reading, st.just(APRIL), st.integers(0, 10**6), segment=st.integers(1, 2))
devices = st.lists(
    st.builds(
        Seen,
        st.uuids().map(str),
        declared,
        past,
        past,
        st.none() | st.integers(-99, 10**5),
    ),
    max_size=4,
)


def seen(key: str, value: int, last: Reading | None, *, billed: Reading | None = None) -> Seen:
    return Seen(key, Reading(APRIL, value), last, billed or last, expected=1_500)


@given(devices)
def test_any_device_is_checked_and_a_meter_has_one_finding_at_most(
    device: list[Seen],
) -> None:
    keys = [finding.key for finding in check(device)]
    assert len(keys) == len(set(keys))
    assert set(keys) <= {one.key for one in device} | {""}


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_expected_volume_itself_is_always_usual(expected: int, last: int) -> None:
    low, high = usual_range(expected, Limits())
    assert low <= expected <= high
    new = Reading(APRIL, last + max(1, expected))
    assert check([Seen("mono", new, Reading(JANUARY, last), None, expected)]) == ()


def test_one_tick_for_a_device_whose_meters_all_stand_still() -> None:
    device = [seen("mono", 39_684, MONO), seen("colour", 89_675, COLOUR)]
    assert check(device) == (Finding(Code.UNCHANGED, Demand.CONFIRM, key="", over=0),)


def test_one_meter_that_stands_still_is_only_an_unusual_volume() -> None:
    device = [seen("mono", 41_200, MONO), seen("colour", 89_675, COLOUR)]
    (finding,) = check(device)
    assert (finding.code, finding.key, finding.over) == (Code.UNUSUAL_LOW, "colour", 0)
    assert (finding.low, finding.high) == (300, 4_700)


def test_sending_back_the_estimate_shown_beside_the_field_is_unchanged() -> None:
    (finding,) = check([seen("mono", GUESS.value, MONO, billed=GUESS)])
    assert finding.code is Code.UNCHANGED


def test_our_own_mistake_is_no_suspicion_of_the_customer() -> None:
    below = seen("mono", 40_836, MONO, billed=GUESS)
    (finding,) = check([below])
    assert finding == Finding(Code.LOWER_THAN_ESTIMATE, Demand.PROOF, "mono", over=348)
    (asked_nothing,) = check([below], limits=Limits(photo_below_estimate=False))
    assert asked_nothing.demand is Demand.NOTHING


def test_a_value_below_the_last_real_one_asks_for_a_photo_whatever_was_billed() -> None:
    (finding,) = check([seen("mono", 39_600, MONO, billed=GUESS)])
    assert finding == Finding(Code.LOWER_THAN_LAST, Demand.PROOF, "mono", over=84)


def test_an_agreed_value_is_as_firm_as_a_real_one() -> None:
    agreed = replace(GUESS, quality=Quality.AGREED)
    (finding,) = check([seen("mono", 41_181, agreed)])
    assert finding.code is Code.LOWER_THAN_LAST


def test_a_billed_reading_that_was_withdrawn_is_not_called_our_estimate() -> None:
    withdrawn = replace(GUESS, quality=Quality.ACTUAL)
    assert check([seen("mono", 41_000, MONO, billed=withdrawn)]) == ()


def test_a_new_board_is_not_compared_with_the_old_one() -> None:
    new_board = Seen("mono", Reading(APRIL, 210, segment=2), MONO, MONO, expected=1_500)
    assert check([new_board]) == ()


def test_nothing_declared_nothing_found() -> None:
    assert check([]) == ()


def test_a_dealer_sets_his_own_limits() -> None:
    strict = Limits(lowest=Fraction(9, 10), highest=Fraction(11, 10), slack=0)
    assert usual_range(1_500, strict) == (1_350, 1_650)
    (finding,) = check([seen("mono", 39_684 + 1_651, MONO)], limits=strict)
    assert finding.code is Code.UNUSUAL_HIGH


def test_demands_have_an_order() -> None:
    assert sorted(Demand, key=lambda demand: demand.rank) == [
        Demand.NOTHING, Demand.CONFIRM, Demand.PROOF, Demand.REVIEW,
    ]  # fmt: skip
