"""Many at once say what one by one they would."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from releveur.readings import foreseeing, submission
from releveur.readings.foreseeing import Ahead
from releveur.readings.submission import Facts
from releveur.rules.estimation import Method, estimate
from releveur.rules.metering import Quality, Reading

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
    alone = [submission.usual(one.known, until=one.on) for one in those]
    assert foreseeing.usual(those) == alone


def test_of_a_meter_that_nobody_knows_nothing_is_said() -> None:
    [found] = foreseeing.foresee([Ahead(Facts(), FIRST + timedelta(90))])
    assert (found.method, found.value) == (Method.NOTHING, 0)
    assert foreseeing.usual([Ahead(Facts(), FIRST)]) == [None]
