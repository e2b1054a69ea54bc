"""A number copied from our own screen is accepted back, and nobody's comma is guessed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releveur.rules.digits import (
    Ambiguous,
    NotANumber,
    Nothing,
    Scientific,
    TooLong,
    of_a_file,
    shown,
    typed,
)

ODD = "0123456789.,eE+- '\u202f\u00b2\u0663\uff11x"
NUMBERS = st.integers(0, 10**12 - 1)
Refusal = Nothing | NotANumber | TooLong | Scientific | Ambiguous


def outcome(read: Callable[[str], int], text: str) -> object:
    try:
        return read(text)
    except ValueError as refusal:
        return refusal


@given(NUMBERS)
def test_what_the_french_page_shows_can_be_typed_back(number: int) -> None:
    assert typed(shown(number, "fr")) == number


@given(NUMBERS, st.sampled_from(" \u00a0\u202f\u2009'\u2019"))
def test_any_spacing_of_thousands_is_accepted(number: int, spacing: str) -> None:
    assert typed(f" {number:,}\n".replace(",", spacing)) == number


@given(st.integers(1_000, 10**12 - 1), st.sampled_from(".,"))
def test_thousands_behind_a_point_or_a_comma_are_asked_for(number: int, mark: str) -> None:
    with pytest.raises(Ambiguous) as refusal:
        typed(f"{number:,}".replace(",", mark))
    assert refusal.value.grouped == number


@given(st.text(alphabet="0123456789.,eE+- '²٣\u202f", max_size=20) | st.text(max_size=20))
def test_any_text_is_a_whole_number_or_a_plain_refusal(text: str) -> None:
    for read in (typed, of_a_file):
        assert isinstance(outcome(read, text), int | Refusal)


@given(NUMBERS, st.sampled_from([",0", ",00", ".0", ".00"]))
def test_a_file_may_write_zero_decimals_and_a_person_may_not(number: int, decimals: str) -> None:
    assert of_a_file(f"{number}{decimals}") == number
    with pytest.raises(NotANumber):
        typed(f"{number}{decimals}")


def test_a_very_long_text_is_refused_at_once() -> None:
    with pytest.raises(TooLong):
        typed("9" * 1_000_000)
    with pytest.raises(NotANumber):
        typed("1" + ",000" * 1_000_000)


def test_an_empty_field_is_nothing() -> None:
    with pytest.raises(Nothing):
        typed("\u202f ")


def test_zeros_in_front_do_not_make_a_number_long() -> None:
    assert typed("0" * 20 + "39684") == 39_684


def test_nothing_but_zeros_has_no_thousands() -> None:
    assert of_a_file("0.000") == 0
