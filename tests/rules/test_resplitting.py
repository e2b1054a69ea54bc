"""However a volume is split again, and whenever a value comes: what was printed is billed, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releveur.rules.metering import (
    Corrected,
    Quality,
    Reading,
    Settlement,
    Weights,
    by_days,
    corrected,
    curve,
    index_at,
    settle,
)
from releveur.rules.resplitting import by_season

JANUARY, APRIL, JULY = date(2022, 1, 5), date(2022, 4, 5), date(2022, 7, 5)
WAYS = st.sampled_from([by_days, by_season])


@dataclass
class Life:
    """A meter, what the office knows of it, and what came after a signature and waits for its word."""

    weights: Weights
    day: date = date(2020, 1, 31)
    value: int = 10_000
    known: list[Reading] = field(default_factory=list)
    waiting: list[Reading] = field(default_factory=list)
    billed: list[Reading] = field(default_factory=list)
    settled: list[Settlement] = field(default_factory=list)

    def bill(self, new: Reading) -> None:
        self.settled.append(
            settle(new, billed=self.billed, history=self.known, weights=self.weights)
        )
        self.billed.append(new)

    def read(self) -> None:
        self.known.append(new := Reading(self.day, self.value))
        self.bill(new)

    def guess(self, error: int) -> None:
        self.known.append(new := Reading(self.day, max(0, self.value + error), Quality.ESTIMATED))
        self.bill(new)


EVENTS = ("read", "guess", "guess", "propose", "accept", "reject", "visit")


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Periods that are read or guessed; values that come late, and are taken, or not, in any order."""
    life = Life(draw(WAYS))
    life.read()
    for event in draw(st.lists(st.sampled_from(EVENTS), max_size=14)):
        life.day += timedelta(draw(st.integers(1, 120)))
        life.value += draw(st.integers(0, 9_000))
        match event:
            case "read":
                life.read()
            case "guess":
                life.guess(draw(st.integers(-5_000, 5_000)))
            case "propose":
                life.waiting.append(Reading(life.day, life.value))
            case "visit":
                life.known.append(Reading(life.day, life.value))
            case _ if life.waiting:
                one = life.waiting.pop(draw(st.integers(0, len(life.waiting) - 1)))
                life.known += [one] if event == "accept" else []
    life.day += timedelta(draw(st.integers(1, 120)))
    life.read()
    return life


@given(lives())
def test_volumes_ever_put_on_a_basis_sum_to_what_was_printed(life: Life) -> None:
    assert sum(one.net for one in life.settled) == life.value - 10_000
    parts = [one.of_this_period + one.regularisation for one in life.settled]
    assert parts == [one.net for one in life.settled]


@given(lives())
def test_the_periods_corrected_add_up_to_the_regularisation_and_follow_each_other(
    life: Life,
) -> None:
    for number, one in enumerate(life.settled):
        assert sum(period.difference for period in one.periods) == one.regularisation
        assert all(before.until == after.since for before, after in pairwise(one.periods))
        assert not one.periods or one.periods[-1].until == life.billed[number - 1].taken_on


@given(lives())
def test_nothing_settled_is_split_otherwise_than_the_line_through_the_real_readings(
    life: Life,
) -> None:
    """To a page at each cut, where days decide: the whole pages of a stretch are given to its parts."""
    *before, new = life.billed
    shown = index_at(curve(life.known), before[-1].taken_on)
    last = life.settled[-1]
    found = settle(new, billed=before, history=life.known)
    assert found.net == last.net
    assert shown is not None
    assert abs(before[-1].value + found.regularisation - shown) < len(before) + 1


@given(lives(), st.integers(-9_000, 9_000))
def test_a_change_of_the_way_moves_pages_between_periods_and_never_the_net(
    life: Life, error: int
) -> None:
    life.day += timedelta(90)
    life.guess(error)
    life.day += timedelta(90)
    by_way = [
        settle(
            Reading(life.day, life.value), billed=life.billed, history=life.known, weights=weights
        )
        for weights in (by_days, by_season)
    ]
    assert len({one.net for one in by_way}) == 1
    assert [period.billed for period in by_way[0].periods] == [
        period.billed for period in by_way[1].periods
    ]


def test_a_season_cuts_as_the_same_days_lay_one_year_before() -> None:
    year = [(date(2021, 1, 5), 0), (date(2021, 4, 5), 300), (date(2021, 7, 5), 400)]
    points = [*year, (JANUARY, 1_000), (JULY, 1_800)]
    assert by_season(points, [JANUARY, APRIL, JULY]) == [Fraction(300), Fraction(100)]


@pytest.mark.parametrize(
    ("year", "why"),
    [
        ([(date(2021, 4, 6), 300)], "the line begins a day too late"),
        ([(date(2021, 1, 5), 300), (date(2021, 7, 5), 300)], "nothing was printed"),
        ([(date(2021, 1, 5), 0), (date(2021, 4, 5), 500), (date(2021, 7, 5), 400)], "it goes down"),
    ],
)
def test_days_decide_where_the_year_before_says_nothing(
    year: list[tuple[date, int]], why: str
) -> None:
    points = [*year, (JANUARY, 1_000), (JULY, 1_800)]
    assert by_season(points, [JANUARY, APRIL, JULY]) == [90, 91], why


def test_the_new_reading_says_nothing_of_the_year_before() -> None:
    points = [(date(2020, 1, 5), 0), (date(2021, 1, 5), 1_000), (date(2022, 7, 5), 9_000)]
    cuts = [date(2021, 1, 5), date(2021, 7, 5), date(2022, 1, 5), date(2022, 7, 5)]
    assert by_season(points, cuts) == by_days(points, cuts)


def test_an_estimate_read_on_its_very_day_is_corrected_and_so_is_the_one_before() -> None:
    known = [Reading(JANUARY, 0), Reading(JULY, 1_810)]
    guesses = [Reading(APRIL, 500, Quality.ESTIMATED), Reading(JULY, 1_000, Quality.ESTIMATED)]
    billed = [known[0], *guesses]
    assert corrected(billed, known) == (
        Corrected(JANUARY, APRIL, 500, 900), Corrected(APRIL, JULY, 500, 910),
    )  # fmt: skip


def test_without_a_real_reading_on_both_sides_nobody_knows_yet() -> None:
    known, guess = Reading(JANUARY, 0), Reading(APRIL, 500, Quality.ESTIMATED)
    assert corrected([known, guess], [known]) is None
    assert corrected([], [known]) is None
    assert corrected([known], [known]) == (), "read and billed: nothing to correct"


def test_what_nothing_real_precedes_is_set_right_on_its_own_day() -> None:
    guess, read = Reading(APRIL, 500, Quality.ESTIMATED), Reading(APRIL, 450)
    assert corrected([guess], [read]) == (Corrected(APRIL, APRIL, 50, 0),)
