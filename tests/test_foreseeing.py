"""Many at once say what one by one they would."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from releveur.readings import foreseeing
from releveur.readings.foreseeing import Ahead, Expected
from releveur.readings.submission import Facts
from releveur.rules.estimation import Method, estimate, expected_volume
from releveur.rules.metering import Quality, Reading, last_real
from releveur.rules.usual import usual_volume

FIRST = date(2019, 1, 7)
READINGS = st.builds(
    Reading,
    st.dates(FIRST, date(2022, 1, 5)),
    st.integers(0, 200_000),
    st.sampled_from(Quality),
    st.integers(1, 2),
)


def in_time(readings: list[Reading]) -> list[Reading]:
    """No segment begins before the one before it has ended."""
    days = sorted(one.taken_on for one in readings)
    segments = sorted(one.segment for one in readings)
    return [
        replace(one, taken_on=day, segment=segment)
        for one, day, segment in zip(readings, days, segments, strict=True)
    ]


FACTS = st.builds(
    Facts,
    st.lists(READINGS, max_size=8, unique_by=lambda one: one.taken_on).map(in_time),
    st.lists(READINGS, max_size=1),
    st.none() | st.integers(0, 9_000),
)
AHEAD = st.builds(Ahead, FACTS, st.dates(date(2021, 6, 1), date(2022, 12, 31)))


def expected(one: Ahead) -> int | None:
    """By the rule of one meter."""
    last = last_real(one.known.history, until=one.on)
    if last is None:
        return None
    return expected_volume(
        one.known.history,
        since=last.taken_on,
        until=one.on,
        monthly_volume=one.known.monthly_volume,
    )


def usual(one: Ahead) -> tuple[int, int] | None:
    last = last_real(one.known.history, until=one.on)
    if last is None or last.taken_on >= one.on:
        return None
    span = {"since": last.taken_on, "until": one.on}
    return usual_volume(one.known.history, **span, expected=expected(one))


@given(st.lists(AHEAD, max_size=6))
def test_each_is_foreseen_as_if_it_were_alone(those: list[Ahead]) -> None:
    alone = [
        estimate(
            one.known.history,
            on=one.on,
            billed=one.known.billed[-1] if one.known.billed else None,
            monthly_volume=one.known.monthly_volume,
        )
        for one in those
    ]
    assert foreseeing.foresee(those) == alone


@given(st.lists(AHEAD, max_size=6))
def test_what_is_usual_of_each_is_what_it_is_alone(those: list[Ahead]) -> None:
    assert [one.usual for one in foreseeing.expect(those)] == [usual(one) for one in those]


@given(st.lists(AHEAD, max_size=6))
def test_what_is_expected_of_each_is_what_it_is_alone(those: list[Ahead]) -> None:
    assert [one.volume for one in foreseeing.expect(those)] == [expected(one) for one in those]


def test_of_a_meter_that_nobody_knows_nothing_is_said() -> None:
    [found] = foreseeing.foresee([Ahead(Facts(), FIRST + timedelta(90))])
    assert (found.method, found.value) == (Method.NOTHING, 0)
    assert foreseeing.expect([Ahead(Facts(), FIRST)]) == [Expected(None, None)]
