"""What was probably meant: within a device, and between the devices of one person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releveur.rules.metering import Quality, Reading
from releveur.rules.priors import PRIORS, Priors
from releveur.rules.validation import (
    Code,
    Demand,
    Finding,
    Relation,
    Seen,
    Together,
    check,
    check_together,
)

JANUARY, APRIL = date(2022, 1, 5), date(2022, 4, 5)
SUM = Relation("TOTAL", ("MONO", "COLOR"))

STARTS = [(39_684, 89_675), (204_410, 61_033), (5_120, 873), (118_270, 7_412), (66_301, 45_119)]
"""Five devices of one person: black and colour at the last reading."""

TRUE = [(41_190, 90_430), (207_480, 61_990), (5_905, 1_268), (122_140, 8_020), (67_420, 46_330)]
"""What they show now."""


def seen(
    key: str, kind: str, value: int, last: int, expected: int, fullest: int | None = None
) -> Seen:
    past = Reading(JANUARY, last)
    new = Reading(APRIL, value)
    return Seen(key, new, past, past, expected, kind=kind, spread=0.2, fullest=fullest)


def device(n: int, typed: tuple[int, int] | None = None, *, fullest: int | None = None) -> Together:
    """The n-th of the person's devices, used a little less than it is now."""
    values = typed or TRUE[n]
    meters = tuple(
        seen(f"{n}{kind[0]}", kind, value, last, (now - last) * 9 // 10, fullest)
        for kind, value, last, now in zip(
            ("MONO", "COLOR"), values, STARTS[n], TRUE[n], strict=True
        )
    )
    return Together(f"d{n}", meters, row=n)


def only(found: tuple[Finding, ...]) -> Finding:
    (finding,) = found
    return finding


def test_what_is_right_is_asked_nothing() -> None:
    found = check_together([device(n) for n in range(5)])
    assert found == {f"d{n}": () for n in range(5)}


def test_black_and_colour_exchanged() -> None:
    finding = only(check(device(0, (90_430, 41_190)).meters))
    assert (finding.code, finding.demand, finding.key) == (Code.SWAPPED, Demand.CONFIRM, "")
    assert finding.mended == (("0M", 41_190), ("0C", 90_430))


def test_the_total_typed_as_black() -> None:
    finding = only(check(device(0, (41_190 + 90_430, 90_430)).meters))
    assert (finding.code, finding.key) == (Code.TOTAL_AS_MONO, "0M")
    assert finding.mended == (("0M", 41_190),)


@pytest.mark.parametrize("typed", [4_190, 141_190, 411_190, 91_190, 14_190, 411_900])
def test_one_digit_slipped(typed: int) -> None:
    finding = only(check(device(0, (typed, 90_430)).meters))
    assert (finding.code, finding.demand, finding.key) == (Code.MISTYPED, Demand.CONFIRM, "0M")
    assert finding.mended
    assert len(finding.others) <= 2


def test_a_doubled_digit_is_taken_out_again() -> None:
    finding = only(check(device(0, (441_190, 90_430)).meters))
    assert finding.mended == (("0M", 41_190),)


def test_a_new_board_wants_a_photo() -> None:
    finding = only(check(device(0, (700, 310)).meters))
    assert (finding.code, finding.demand, finding.key) == (Code.RESET, Demand.PROOF, "")


def test_another_device_stands_there() -> None:
    finding = only(check(device(0, (7_204_512, 12_993)).meters))
    assert (finding.code, finding.demand) == (Code.REPLACED, Demand.PROOF)


def test_ten_to_the_digits_passed() -> None:
    past = Reading(JANUARY, 999_600)
    mono = Seen("M", Reading(APRIL, 350), past, past, 800, kind="MONO", digits=6, spread=0.2)
    finding = only(check([mono]))
    assert (finding.code, finding.demand, finding.key) == (Code.ROLLED_OVER, Demand.CONFIRM, "M")


def test_the_reading_of_a_device_that_was_not_declared() -> None:
    found = check_together([device(0, TRUE[3])], others=[device(3, (0, 0)), device(1, (0, 0))])
    finding = only(found["d0"])
    assert (finding.code, finding.other) == (Code.OTHER_DEVICE, "d3")
    assert finding.mended == (("3M", 122_140), ("3C", 8_020))


def test_two_rows_exchanged_are_told_at_both() -> None:
    typed = [*TRUE]
    typed[1], typed[3] = TRUE[3], TRUE[1]
    found = check_together([device(n, typed[n]) for n in range(5)])
    one, other = only(found["d1"]), only(found["d3"])
    assert {one.code, other.code} == {Code.ROWS_EXCHANGED}
    assert (one.other, other.other) == ("d3", "d1")
    meant = {("1M", 207_480), ("1C", 61_990), ("3M", 122_140), ("3C", 8_020)}
    assert set(one.mended) == set(other.mended) == meant
    assert not (found["d0"] or found["d2"] or found["d4"])


def test_the_same_pair_in_two_rows_is_asked_where_it_does_not_fit() -> None:
    found = check_together([device(0), device(1, TRUE[0]), device(2)])
    finding = only(found["d1"])
    assert (finding.code, finding.other, finding.mended) == (Code.SAME_AS_OTHER, "d0", ())
    assert found["d0"] == ()


@pytest.mark.parametrize("by", [1, -1])
def test_a_column_shifted_by_one_row(by: int) -> None:
    """The value that fell off the end is lost; the others are put back by one click, anywhere."""
    typed = [(TRUE[n][0], TRUE[(n - by) % 5][1]) for n in range(5)]
    found = check_together([device(n, typed[n]) for n in range(5)])
    edge = 0 if by == 1 else 4
    shifted = [only(found[f"d{n}"]) for n in range(5) if n != edge]
    assert {one.code for one in shifted} == {Code.SHIFTED}
    lost = 4 if by == 1 else 0
    meant = {(f"{n}C", TRUE[n][1]) for n in range(5) if n != lost}
    assert all(set(one.mended) == meant for one in shifted)


def test_both_columns_shifted_by_one_row() -> None:
    typed = [TRUE[n - 1] for n in range(5)]
    found = check_together([device(n, typed[n]) for n in range(5)])
    assert {only(found[f"d{n}"]).code for n in range(1, 5)} == {Code.SHIFTED}
    meant = {pair for n in range(4) for pair in ((f"{n}M", TRUE[n][0]), (f"{n}C", TRUE[n][1]))}
    assert set(only(found["d2"]).mended) == meant


def test_a_few_pages_below_the_last_value_are_granted_by_the_maker() -> None:
    typed = (39_684 - 9, 90_430)
    granted = replace(device(0, typed), tolerance=10)
    finding = only(check_together([granted])["d0"])
    assert (finding.code, finding.demand, finding.over) == (
        Code.WITHIN_TOLERANCE, Demand.NOTHING, 9,
    )  # fmt: skip
    assert only(check(device(0, typed).meters)).demand is Demand.PROOF


def test_more_than_the_model_can_print() -> None:
    fast = device(0, (43_000, 90_430), fullest=3_000)
    finding = only(check(fast.meters))
    assert finding.code in {Code.TOO_FAST, Code.MISTYPED}
    known = replace(fast.meters[0], new=Reading(APRIL, 999_999), fullest=300_000)
    assert only(check([known])).code is Code.TOO_FAST


def with_a_total(mono: int, colour: int, total: int) -> Together:
    two = device(0, (mono, colour))
    third = seen("0T", "TOTAL", total, 129_359, 2_100)
    return replace(two, meters=(*two.meters, third), relations=(SUM,))


def test_a_sum_that_does_not_come_out_proposes_what_would() -> None:
    found = check_together([with_a_total(41_190, 90_435, 131_620)])
    finding = only(found["d0"])
    assert (finding.code, finding.key, finding.over) == (Code.DO_NOT_ADD_UP, "", 5)
    proposed = {finding.mended, *finding.others}
    assert proposed == {(("0M", 41_185),), (("0C", 90_430),), (("0T", 131_625),)}


def test_a_slip_is_mended_so_that_the_sum_comes_out() -> None:
    found = check_together([with_a_total(41_910, 90_430, 131_620)])
    assert only(found["d0"]).mended == (("0M", 41_190),)


def test_a_sum_that_comes_out_is_no_slip() -> None:
    assert check_together([with_a_total(41_190, 90_430, 131_620)])["d0"] == ()


def test_our_own_mistake_is_never_called_a_new_board() -> None:
    guess = Reading(date(2022, 3, 5), 41_184, Quality.ESTIMATED)
    low = replace(device(0, (40_500, 90_430)).meters[0], last_billed=guess)
    assert only(check([low])).code is Code.LOWER_THAN_ESTIMATE


habits = st.tuples(
    st.integers(100, 9_000_000), st.integers(200, 100_000), st.floats(0.05, 0.6), st.floats(-1, 1)
)


@given(st.lists(habits, min_size=1, max_size=4, unique_by=lambda one: one[0]))
def test_a_volume_within_its_habits_is_asked_nothing(
    meters: list[tuple[int, int, float, float]],
) -> None:
    """Within one spread of the expected volume, whatever the others do."""
    made = []
    for n, (last, expected, spread, off) in enumerate(meters):
        past = Reading(JANUARY, last)
        volume = round(expected * 2.718281828 ** (off * spread))
        new = Reading(APRIL, last + volume)
        made.append(Seen(str(n), new, past, past, expected, kind=f"K{n}", spread=spread))
    assert check(made) == ()


@given(st.integers(0, 4), st.integers(0, 6), st.integers(0, 9), st.booleans())
def test_what_was_mended_is_not_asked_again(n: int, place: int, digit: int, on_mono: bool) -> None:
    wrong = [*TRUE[n]]
    text = str(wrong[not on_mono])
    place = min(place, len(text) - 1)
    wrong[not on_mono] = int(text[:place] + str(digit) + text[place + 1 :])
    for finding in check(device(n, (wrong[0], wrong[1])).meters):
        if finding.mended:
            put = dict(finding.mended)
            mended = tuple(
                replace(one, new=Reading(APRIL, put.get(one.key, one.new.value)))
                for one in device(n, (wrong[0], wrong[1])).meters
            )
            assert finding.code not in {one.code for one in check(mended)}


@given(st.integers(0, 4), st.integers(0, 300_000), st.integers(0, 300_000))
def test_one_device_together_is_the_device_alone(n: int, mono: int, colour: int) -> None:
    one = device(n, (mono, colour))
    assert check_together([one])[one.key] == check(one.meters)


def test_a_dealers_priors_are_what_differs_from_the_products() -> None:
    own = Priors.of({"swapped": 0.02})
    assert own == replace(PRIORS, swapped=0.02)
    refused: tuple[object, ...] = ({"swaped": 0.02}, {"swapped": 0}, [])
    for wrong in refused:
        with pytest.raises(ValueError, match="priors are"):
            Priors.of(wrong)


def test_where_nothing_is_expected_a_lower_value_is_only_lower() -> None:
    blind = replace(device(0, (39_000, 90_430)).meters[0], expected=None)
    assert only(check([blind])).code is Code.LOWER_THAN_LAST


def test_no_value_is_proposed_that_surprises_as_much_as_the_one_typed() -> None:
    """61 190 for 41 190: with two neighbours transposed it would be 61 910, and still 20 000 too many."""
    finding = only(check(device(0, (61_190, 90_430)).meters))
    assert (finding.mended, finding.others) == ((("0M", 41_190),), ())


def test_what_is_nearly_as_probable_is_proposed_too() -> None:
    finding = only(check(device(0, (412_190, 90_430)).meters))
    assert finding.mended == (("0M", 41_190),)
    assert finding.others == ((("0M", 41_210),), (("0M", 41_219),))


def test_no_proposal_leaves_what_surprises_as_it_is() -> None:
    finding = only(check(device(0, (51_190, 90_430)).meters))
    assert (finding.mended, finding.others) == ((("0M", 41_190),), ())
