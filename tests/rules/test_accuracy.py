"""How good guesses were, in numbers done by hand."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from releveur.rules.accuracy import Accuracy, Guess, accuracy
from releveur.rules.metering import Quality, Reading
from releveur.rules.plain_guesses import mean_of_periods, same_days_last_year

QUARTERS = [date(2021, 1, 5), date(2021, 4, 5), date(2021, 7, 5), date(2021, 10, 5), date(2022, 1, 5)]  # fmt: skip
VALUES = [33_600, 35_100, 36_600, 38_184, 39_684]
YEAR_OF_IT = [Reading(day, value) for day, value in zip(QUARTERS, VALUES, strict=True)]


def test_a_guess_too_high_and_one_too_low_make_up_for_each_other_in_the_bias_alone() -> None:
    found = accuracy([Guess(1_200, 1_000), Guess(800, 1_000)])
    assert found.error == Fraction(1, 5)
    assert found.bias == 0
    assert found.covered is None


def test_far_off_is_more_than_a_quarter_and_more_than_ten_impressions() -> None:
    near, far, few = Guess(1_250, 1_000), Guess(1_251, 1_000), Guess(13, 3)
    assert [one.is_far_off for one in (near, far, few)] == [False, True, False]
    assert accuracy([near, far, few]).far_off == Fraction(1, 3)


def test_the_bounds_of_a_range_belong_to_it() -> None:
    inside = [Guess(5, printed, (3, 7)) for printed in (3, 7)]
    outside = [Guess(5, printed, (3, 7)) for printed in (2, 8)]
    assert accuracy(inside + outside).covered == Fraction(1, 2)


def test_nothing_guessed_and_nothing_printed_say_nothing() -> None:
    assert accuracy([]) == Accuracy(0, None, None, None, None)
    assert accuracy([Guess(0, 0)]).error is None


def test_the_mean_of_four_periods_is_by_days() -> None:
    # 6 084 impressions in 365 days.
    assert mean_of_periods(YEAR_OF_IT, days=90) == 1_500
    assert mean_of_periods(YEAR_OF_IT[:1], days=90) is None


def test_only_the_last_four_periods_count_and_no_estimate() -> None:
    older = [Reading(date(2020, 10, 5), 0), Reading(date(2020, 12, 5), 90_000, Quality.ESTIMATED)]
    assert mean_of_periods([*older, *YEAR_OF_IT], days=90) == 1_500


def test_a_change_of_segment_is_no_period() -> None:
    changed = [*YEAR_OF_IT, Reading(date(2022, 1, 5), 0, segment=2)]
    assert mean_of_periods([*changed, Reading(date(2022, 2, 4), 300, segment=2)], days=90) == round(
        Fraction(1_500 + 1_584 + 1_500 + 300, 91 + 92 + 92 + 30) * 90
    )


def test_last_year_is_asked_for_the_same_days() -> None:
    span = {"since": date(2022, 1, 5), "until": date(2022, 4, 5)}
    assert same_days_last_year(YEAR_OF_IT, **span) == 1_500
    assert same_days_last_year(YEAR_OF_IT[1:], **span) is None
