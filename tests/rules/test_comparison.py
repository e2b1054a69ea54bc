"""Two bills of one period: whatever differs adds up, and each cause that can be proved has its name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from releveur.rules.comparison import (
    Code,
    Compared,
    Index,
    Key,
    Known,
    Line,
    Verdict,
    compare,
)
from releveur.rules.metering import Quality, Reading

JANUARY, APRIL = date(2022, 1, 5), date(2022, 4, 5)
MONO, COLOUR = ("3923656030", "MONO"), ("3923656030", "COLOR")

days = st.dates(date(2022, 1, 1), date(2022, 12, 31))
indexes = st.builds(
    Index, st.integers(0, 10**6), st.none() | days, st.sampled_from([None, True, False])
)
keys = st.tuples(st.sampled_from("ABC"), st.sampled_from(["MONO", "COLOR"]))
lines = st.builds(Line, keys, st.integers(-5_000, 50_000), st.none() | indexes, st.none() | indexes)
past = st.builds(
    Known,
    st.lists(st.builds(Reading, days, st.integers(0, 10**6)), max_size=3),
    st.lists(st.builds(Reading, days, st.integers(0, 10**6)), max_size=3),
    st.sampled_from(Code),
)


def a_line(
    previous: int = 39_684,
    new: int = 41_200,
    *,
    key: Key = MONO,
    quantity: int | None = None,
    on: date = APRIL,
    real: bool | None = True,
) -> Line:
    """The seed's line unless said otherwise; its quantity is the difference of its indexes."""
    counted = new - previous if quantity is None else quantity
    return Line(key, counted, Index(previous, JANUARY, True), Index(new, on, real))


def one(ours: Line, theirs: Line, known: Known | None = None) -> Compared:
    [found] = compare([ours], [theirs], {ours.key: known or Known()})
    return found


def codes(found: Compared) -> list[tuple[Code, int]]:
    return [(part.code, part.impressions) for part in found.parts]


@given(st.lists(lines, unique_by=lambda line: line.key))
def test_a_file_beside_itself_has_no_difference(same: list[Line]) -> None:
    found = compare(same, [replace(line, number=n) for n, line in enumerate(same)], {})
    assert {each.verdict for each in found} <= {Verdict.EQUAL}
    assert len(found) == len(same)


@given(st.lists(lines), st.lists(lines), st.dictionaries(keys, past))
def test_whatever_is_compared_every_line_counts_once_and_the_sums_are_exact(
    ours: list[Line], theirs: list[Line], known: dict[Key, Known]
) -> None:
    found = compare(ours, theirs, known)

    assert sum(each.ours.quantity for each in found if each.ours) == sum(
        line.quantity for line in ours
    )
    placed = [id(line) for each in found for line in each.theirs]
    assert sorted(placed) == sorted(map(id, theirs))
    for each in found:
        assert each.difference == sum(part.impressions for part in each.parts)
        assert (each.verdict is Verdict.EQUAL) == (not each.parts)


@given(st.integers(0, 10**6), st.integers(0, 10**5), st.integers(1, 10**4))
def test_a_changed_index_is_found_to_the_impression(start: int, volume: int, off: int) -> None:
    ours = a_line(start, start + volume)
    found = one(ours, a_line(start, start + volume + off))
    assert (found.difference, found.verdict) == (-off, Verdict.UNEXPLAINED)
    assert codes(found) == [(Code.OTHER_VALUE, -off)], "the same day, both real: nobody knows"


@given(st.integers(1, 10**4), st.integers(1, 10**4))
def test_two_errors_that_cancel_out_are_both_named(first: int, second: int) -> None:
    theirs = a_line(39_684 + first, 41_200 + first)
    found = one(a_line(), theirs)
    assert (found.difference, len(found.parts)) == (0, 2)
    assert found.verdict is Verdict.UNEXPLAINED


class TestTheNewIndex:
    def test_another_reading_that_stands_here(self) -> None:
        known = Known([Reading(date(2022, 4, 8), 41_260)])
        found = one(a_line(), a_line(new=41_260, on=date(2022, 4, 8)), known)
        assert codes(found) == [(Code.OTHER_READING, -60)]

    def test_a_reading_that_stands_here_but_was_not_taken(self) -> None:
        known = Known([Reading(date(2022, 3, 1), 40_900)])
        found = one(a_line(new=41_184, real=False), a_line(new=40_900), known)
        assert codes(found) == [(Code.READING_NOT_TAKEN, 284)]

    def test_a_reading_that_is_not_here(self) -> None:
        found = one(a_line(), a_line(new=41_260, on=date(2022, 4, 8)))
        assert codes(found) == [(Code.READING_MISSING, -60)]
        assert found.verdict is Verdict.EXPLAINED

    def test_real_here_and_estimated_there(self) -> None:
        found = one(a_line(), a_line(new=41_184, real=False))
        assert codes(found) == [(Code.REAL_AGAINST_ESTIMATE, 16)]

    def test_what_the_file_does_not_say_the_imported_index_does(self) -> None:
        billed = [Reading(APRIL, 41_184, Quality.ESTIMATED)]
        found = one(a_line(), a_line(new=41_184, real=None), Known(billed=billed))
        assert codes(found) == [(Code.REAL_AGAINST_ESTIMATE, 16)]

    def test_two_estimates(self) -> None:
        found = one(a_line(new=41_184, real=False), a_line(new=41_300, real=False))
        assert codes(found) == [(Code.TWO_ESTIMATES, -116)]

    def test_meters_swapped_in_the_file(self) -> None:
        ours = [a_line(), a_line(89_675, 92_910, key=COLOUR)]
        theirs = [a_line(39_684, 92_910), a_line(89_675, 41_200, key=COLOUR)]
        found = compare(ours, theirs, {})
        assert [codes(each) for each in found] == [
            [(Code.METERS_SWAPPED, -51_710)],
            [(Code.METERS_SWAPPED, 51_710)],
        ]


class TestTheBeginning:
    def test_another_billed_index(self) -> None:
        known = Known(billed=[Reading(date(2021, 10, 5), 38_784)])
        assert codes(one(a_line(), a_line(38_784), known)) == [(Code.OTHER_PREVIOUS, -900)]

    def test_a_reading_that_was_not_marked_as_billed(self) -> None:
        known = Known([Reading(date(2022, 1, 20), 39_800)])
        assert codes(one(a_line(), a_line(39_800), known)) == [(Code.PREVIOUS_NOT_BILLED, 116)]

    def test_an_index_nobody_knows_here(self) -> None:
        theirs = replace(a_line(39_800), previous=Index(39_800, date(2022, 1, 20)))
        assert codes(one(a_line(), theirs)) == [(Code.PREVIOUS_MISSING, 116)]

    def test_without_a_billed_index_the_volume_has_no_beginning(self) -> None:
        ours = replace(a_line(), previous=None, quantity=0)
        assert codes(one(ours, a_line())) == [(Code.FIRST_READING, -1_516)]


class TestTheQuantity:
    def test_round_numbers(self) -> None:
        assert codes(one(a_line(), a_line(quantity=1_520))) == [(Code.ROUNDED, -4)]
        assert codes(one(a_line(), a_line(quantity=1_500))) == [(Code.ROUNDED, 16)]

    def test_a_minimum(self) -> None:
        assert codes(one(a_line(), a_line(quantity=2_000))) == [(Code.MINIMUM, -484)]

    def test_impressions_taken_off(self) -> None:
        assert codes(one(a_line(), a_line(quantity=1_471))) == [(Code.REDUCED, 45)]

    def test_an_estimate_that_was_too_high_is_not_deducted_there(self) -> None:
        ours, theirs = a_line(41_184, 40_900), a_line(41_184, 40_900, quantity=0)
        assert codes(one(ours, theirs)) == [(Code.NOT_DEDUCTED, -284)]

    def test_a_counter_that_began_again(self) -> None:
        ours = a_line(39_684, 980, quantity=1_671)
        assert codes(one(ours, a_line(39_684, 980, quantity=1_671))) == []
        assert codes(one(ours, a_line(39_684, 980, quantity=980))) == [(Code.COUNTER_CHANGED, 691)]

    def test_an_index_that_went_down_with_a_quantity_all_the_same(self) -> None:
        found = one(a_line(), a_line(39_684, 99, quantity=1_516))
        assert codes(found) == [(Code.OTHER_VALUE, 41_101), (Code.OTHER_QUANTITY, -41_101)]
        assert found.verdict is Verdict.UNEXPLAINED

    def test_a_quantity_without_indexes(self) -> None:
        bare = Line(MONO, 1_500)
        found = one(a_line(), bare)
        assert codes(found) == [(Code.NO_INDEXES, 16)]
        assert found.verdict is Verdict.UNEXPLAINED


class TestLinesOfOneSide:
    def test_the_same_line_twice(self) -> None:
        first, again = compare([a_line()], [a_line(), a_line()], {})
        assert first.verdict is Verdict.EQUAL
        assert codes(again) == [(Code.DUPLICATED, -1_516)]

    def test_a_line_of_another_period(self) -> None:
        before = replace(
            a_line(38_784, 39_684, on=JANUARY), previous=Index(38_784, date(2021, 10, 5))
        )
        after = Line(MONO, 700, Index(41_200, APRIL), Index(41_900, APRIL + timedelta(days=30)))
        found = compare([a_line()], [before, a_line(), after], {})
        assert [codes(each) for each in found] == [
            [], [(Code.OTHER_PERIOD, -900)], [(Code.OTHER_PERIOD, -700)],
        ]  # fmt: skip

    def test_two_lines_that_follow_each_other_are_one(self) -> None:
        halfway = date(2022, 2, 5)
        first = Line(MONO, 500, Index(39_684, JANUARY), Index(40_184, halfway))
        second = Line(MONO, 1_016, Index(40_184, halfway), Index(41_200, APRIL))
        [found] = compare([a_line()], [second, first], {})
        assert (found.verdict, len(found.theirs)) == (Verdict.EQUAL, 2)

    def test_two_tiers_of_the_same_indexes_are_one(self) -> None:
        tiers = [a_line(quantity=1_000), a_line(quantity=516)]
        [found] = compare([a_line()], tiers, {})
        assert found.verdict is Verdict.EQUAL

    def test_why_nothing_is_billed_here_is_said_by_whoever_knows(self) -> None:
        [found] = compare([], [a_line()], {MONO: Known(absent=Code.SERIAL_UNKNOWN)})
        assert codes(found) == [(Code.SERIAL_UNKNOWN, -1_516)]

    def test_what_the_file_does_not_have(self) -> None:
        [billed] = compare([a_line()], [], {MONO: Known(billed=[Reading(APRIL, 41_200)])})
        assert codes(billed) == [(Code.BILLED_WITHOUT_LINE, 1_516)]
        [nothing] = compare([a_line(39_684, 39_684)], [], {})
        assert codes(nothing) == [(Code.NOTHING_PRINTED, 0)]
        [forgotten] = compare([a_line()], [], {})
        assert (codes(forgotten), forgotten.verdict) == (
            [(Code.NOT_IN_FILE, 1_516)], Verdict.UNEXPLAINED,
        )  # fmt: skip
