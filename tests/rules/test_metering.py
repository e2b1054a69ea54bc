"""Whatever was estimated, the pages billed are the pages printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releveur.rules.metering import (
    Quality,
    Reading,
    Settlement,
    curve,
    index_at,
    last_real,
    net,
    ordered,
    settle,
    split,
)

EVENTS = ("read", "guess", "visit", "board", "down")
JANUARY, APRIL, JULY = date(2022, 1, 5), date(2022, 4, 5), date(2022, 7, 5)


@dataclass
class Life:
    """A meter that prints, is read, estimated, and gets new boards; and what was billed for it."""

    day: date
    value: int
    segment: int = 1
    printed: int = 0
    history: list[Reading] = field(default_factory=list)
    billed: list[Reading] = field(default_factory=list)
    settled: list[Settlement] = field(default_factory=list)

    def live(self, days: int, pages: int) -> None:
        self.day += timedelta(days)
        self.value += pages
        self.printed += pages

    def read(self) -> Reading:
        reading = Reading(self.day, self.value, segment=self.segment)
        self.history.append(reading)
        return reading

    def guess(self, error: int) -> Reading:
        value = max(0, self.value + error)
        reading = Reading(self.day, value, Quality.ESTIMATED, self.segment)
        self.history.append(reading)
        return reading

    def change_board(self, value: int) -> None:
        self.read()
        self.segment += 1
        self.value = value
        self.read()

    def bill(self, new: Reading) -> None:
        self.settled.append(settle(new, billed=self.billed, history=self.history))
        self.billed.append(new)


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Periods that end with a real reading or a guess, with visits and new boards on the way."""
    life = Life(date(2020, 1, 31), draw(st.integers(0, 1_000_000)))
    life.bill(life.read())
    pages = st.integers(0, 20_000)
    for event in draw(st.lists(st.sampled_from(EVENTS), max_size=9)):
        life.live(draw(st.integers(1, 120)), draw(pages))
        match event:
            case "read":
                life.bill(life.read())
            case "guess":
                life.bill(life.guess(draw(st.integers(-5_000, 5_000))))
            case "visit":
                life.read()
            case "board":
                life.change_board(draw(pages))
            case _:
                life.live(0, -draw(st.integers(0, life.value)))
    life.live(draw(st.integers(1, 120)), draw(pages))
    life.bill(life.read())
    return life


@given(lives())
def test_whatever_was_estimated_the_pages_billed_are_the_pages_printed(
    life: Life,
) -> None:
    assert sum(settled.net for settled in life.settled) == life.printed
    assert life.printed == net(life.billed[0], life.billed[-1], life.history)


@given(lives())
def test_this_period_and_the_regularisation_always_add_up_to_net(life: Life) -> None:
    for settled in life.settled:
        assert settled.of_this_period + settled.regularisation == settled.net


@given(lives())
def test_the_new_reading_may_be_in_the_history_or_not(life: Life) -> None:
    *before, new = life.billed
    without = [reading for reading in life.history if reading != new]
    assert settle(new, billed=before, history=without) == life.settled[-1]


@given(lives())
def test_the_order_of_the_history_does_not_matter(life: Life) -> None:
    *before, new = life.billed
    backwards = ordered(life.history)[::-1]
    assert settle(new, billed=before, history=backwards) == life.settled[-1]


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 400), min_size=1, max_size=9),
)
def test_a_cut_volume_adds_up_and_no_part_is_off_by_a_whole_page(
    total: int, days: list[int]
) -> None:
    if sum(days) == 0:
        days = [*days, 1]
    parts = split(total, days)
    assert sum(parts) == total
    assert all(
        abs(part * sum(days) - total * day) < sum(days)
        for part, day in zip(parts, days, strict=True)
    )
    assert split(-total, days) == [-part for part in parts]


@pytest.mark.parametrize("days", [[], [0], [0, 0], [5, -1]])
def test_nothing_is_cut_over_no_day(days: list[int]) -> None:
    with pytest.raises(ValueError, match="cannot be cut"):
        split(10, days)


def test_net_runs_from_the_installation_when_nothing_was_billed_yet() -> None:
    second_hand = Reading(date(2021, 6, 1), 10_000)
    installed = Reading(date(2022, 2, 1), 12_000)
    new = Reading(APRIL, 12_500)
    settled = settle(new, billed=[], history=[second_hand, installed, new], installed=installed)
    assert settled == Settlement(500, 500, 0, since=installed)


def test_a_first_reading_bills_nothing_and_says_so() -> None:
    new = Reading(APRIL, 12_500)
    later = Reading(JULY, 13_000)
    first = Settlement(0, 0, 0, since=None, first=True)
    assert settle(new, billed=[], history=[new, later]) == first
    assert settle(new, billed=[], history=[], installed=new) == first


def test_an_estimate_is_not_regularised_before_somebody_reads_the_meter() -> None:
    known = Reading(JANUARY, 39_684)
    guess = Reading(APRIL, 41_184, Quality.ESTIMATED)
    again = Reading(JULY, 42_700, Quality.ESTIMATED)
    settled = settle(again, billed=[known, guess], history=[known, guess, again])
    assert (settled.net, settled.regularisation) == (1_516, 0)


def test_an_estimate_with_nothing_real_before_it_is_not_regularised() -> None:
    guess = Reading(APRIL, 41_184, Quality.ESTIMATED)
    settled = settle(Reading(JULY, 42_000), billed=[guess], history=[])
    assert (settled.net, settled.of_this_period, settled.regularisation) == (
        816,
        816,
        0,
    )


def test_a_real_reading_of_the_billed_day_replaces_the_estimate_to_the_page() -> None:
    known, late = Reading(JANUARY, 39_684), Reading(APRIL, 40_900)
    guess = Reading(APRIL, 41_184, Quality.ESTIMATED)
    settled = settle(Reading(JULY, 42_000), billed=[known, guess], history=[known, guess, late])
    assert (settled.of_this_period, settled.regularisation) == (1_100, -284)


def test_the_line_is_cut_at_every_billed_day_so_that_no_page_moves_twice() -> None:
    known = Reading(date(2022, 1, 1), 100)
    guesses = [Reading(date(2022, 1, day), 100, Quality.ESTIMATED) for day in (11, 21)]
    settled = settle(Reading(date(2022, 1, 31), 102), billed=[known, *guesses], history=[known])
    assert (settled.of_this_period, settled.regularisation) == (0, 2), "2 pages: 1, 1, 0"


def test_an_agreed_value_settles_a_period_like_a_real_one() -> None:
    agreed = Reading(APRIL, 41_000, Quality.AGREED)
    settled = settle(Reading(JULY, 42_000), billed=[agreed], history=[agreed])
    assert (settled.of_this_period, settled.regularisation) == (1_000, 0)


def test_a_withdrawn_reading_is_regularised_like_an_estimate() -> None:
    known, withdrawn = Reading(JANUARY, 39_684), Reading(APRIL, 41_184)
    settled = settle(Reading(JULY, 42_000), billed=[known, withdrawn], history=[known])
    assert (settled.of_this_period, settled.regularisation) == (1_164, -348)


def test_a_withdrawn_value_that_was_billed_does_not_bound_its_segment() -> None:
    known, withdrawn = Reading(JANUARY, 39_684), Reading(APRIL, 41_184)
    board = [Reading(JANUARY, 0, segment=2), Reading(JULY, 500, segment=2)]
    settled = settle(board[-1], billed=[known, withdrawn], history=[known, *board])
    assert settled.net == 500 - 1_500, "1 500 were billed, 500 were printed"


def test_a_real_reading_comes_after_an_estimate_of_the_same_day() -> None:
    guess, read = Reading(APRIL, 1, Quality.ESTIMATED), Reading(APRIL, 2)
    of_next_board = Reading(JANUARY, 0, segment=2)
    assert ordered([of_next_board, read, guess]) == [guess, read, of_next_board]


def test_the_last_real_reading_is_no_estimate_and_not_after_the_day() -> None:
    history = [
        Reading(JANUARY, 1),
        Reading(APRIL, 2),
        Reading(JULY, 3, Quality.ESTIMATED),
    ]
    assert last_real(history) == Reading(APRIL, 2)
    assert last_real(history, until=date(2022, 4, 4)) == Reading(JANUARY, 1)
    assert last_real(history, until=date(2022, 1, 4)) is None


def test_the_curve_counts_on_over_a_board_change_and_ends_with_the_readings() -> None:
    swap = date(2022, 2, 20)
    points = curve([Reading(JANUARY, 500), Reading(swap, 960), Reading(swap, 0, segment=2)])
    assert points == [(JANUARY, 500), (swap, 960)]
    assert index_at(points, date(2022, 1, 6)) == 510
    assert index_at(points, date(2022, 2, 21)) is None
