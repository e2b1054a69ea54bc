"""When the clocks go forward or back, no deadline jumps: the third reminder comes before the close, 48 real
hours lie between them at least, everybody reads the same day and hour, and an hour that does not exist, or
exists twice, is one instant.

Every change of the clock in Paris from 2020 to 2040, with people invited at any minute around it and any
closed days; the odd hours of 28 March 2027 and 25 October 2026 are written to the database and read back.

Without `_later` adding hours in UTC in `rules/schedule.py: asks_until_after` the 48 hours are 47 over the
change in March; without `_utc` around `now` and `asks_until` in `due_step` a deadline in the hour lived twice
comes an hour late.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releveur.campaigns import letter
from releveur.campaigns.models import Invitation
from releveur.rules import schedule
from releveur.rules.schedule import GRACE, NOTICE, PARIS, PAUSE, Close, Facts, Remind
from tests.faults.asked import asked

TRIED = settings(max_examples=500, derandomize=True, deadline=None, database=None)


def changes() -> list[datetime]:
    """The instants at which the clock of Paris changes, in UTC: 01:00, two Sundays a year."""
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    hours = [begin + timedelta(hours=number) for number in range(21 * 366 * 24)]
    offsets = [(hour, hour.astimezone(PARIS).utcoffset()) for hour in hours]
    found = [late for (_, before), (late, after) in pairwise(offsets) if before != after]
    return [one for one in found if one.year <= 2040]


CHANGES = changes()
AROUND = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-30 * 24 * 60, 3 * 24 * 60),
)
CLOSED = st.frozensets(
    st.sampled_from([one.date() + timedelta(n) for one in CHANGES for n in range(-5, 6)]),
    max_size=4,
)


def test_there_are_two_changes_a_year() -> None:
    assert len(CHANGES) == 2 * 21
    assert {one.astimezone(UTC).hour for one in CHANGES} == {1}


@TRIED
@given(AROUND, CLOSED)
def test_over_every_change_the_order_is_kept_and_48_hours_are_real(
    at: datetime, closed: frozenset[date]
) -> None:
    made = schedule.plan(at, closed)
    instants = [at, *(one.astimezone(UTC) for one in (*made.reminders, made.asks_until))]
    assert instants == sorted(instants)
    assert instants[4] - instants[3] >= NOTICE
    assert all(later - earlier >= PAUSE for earlier, later in pairwise(instants[:4]))
    assert made.asks_until.astimezone(PARIS).hour == 18


def test_whenever_the_third_reminder_left_the_48_hours_are_real() -> None:
    for change in CHANGES:
        for minutes in range(-72 * 60, 24 * 60, 30):
            third = change + timedelta(minutes=minutes)
            assert schedule.asks_until_after(third, ()).astimezone(UTC) - third >= NOTICE, third


def test_in_the_hour_lived_twice_a_deadline_is_over_once_its_instant_is() -> None:
    the_first, the_second = (
        datetime(2026, 10, 25, 2, minute, tzinfo=PARIS, fold=fold)
        for fold, minute in ((0, 30), (1, 10))
    )
    facts = Facts(schedule.Plan((the_first,) * 3, the_first), 3, True, the_first, True, None)
    assert schedule.due_step(facts, closures=(), now=the_second) == Close()
    assert schedule.due_step(facts, closures=(), now=the_first) is None


@TRIED
@given(AROUND, CLOSED, st.integers(0, 90))
def test_over_every_change_a_worker_takes_the_steps_in_order(
    at: datetime, closed: frozenset[date], nap: int
) -> None:
    made = schedule.plan(at, closed)
    now, told, reminded = at, [at], 0
    while True:
        now += timedelta(hours=1, minutes=nap)
        facts = Facts(made, reminded, False, told[-1], reminded == 3, None)
        match schedule.due_step(facts, closures=closed, now=now):
            case Remind(number):
                assert number > reminded and now - told[-1] >= PAUSE
                reminded, told = number, [*told, now]
                if number == 3:
                    late = schedule.asks_until_after(now, closed)
                    made = schedule.Plan(made.reminders, max(made.asks_until, late))
            case Close():
                assert reminded == 3 and now - told[-1] >= NOTICE
                assert now >= made.asks_until.astimezone(UTC) + GRACE
                return
            case None:
                assert now < at + timedelta(days=90), "it never closed"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wall", "fold", "utc"),
    [
        ("2027-03-28T02:30", 0, "2027-03-28T01:30"),
        ("2026-10-25T02:30", 0, "2026-10-25T00:30"),
        ("2026-10-25T02:30", 1, "2026-10-25T01:30"),
    ],
)
def test_an_hour_that_does_not_exist_or_exists_twice_is_stored_as_one_instant(
    wall: str, fold: int, utc: str
) -> None:
    odd = datetime.fromisoformat(wall).replace(tzinfo=PARIS, fold=fold)
    invitation = asked()
    Invitation.objects.filter(pk=invitation.pk).update(asks_until=odd)
    invitation.refresh_from_db()
    stored = invitation.asks_until
    assert stored == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert letter.in_words(stored) == letter.in_words(odd.astimezone(UTC))
    assert schedule.asks_until_after(odd, ()).astimezone(UTC) - stored >= NOTICE


def test_the_mail_says_the_day_and_the_hour() -> None:
    deadline = datetime(2027, 3, 30, 16, tzinfo=UTC)
    assert letter.in_words(deadline).replace("\u00a0", " ") == "mardi 30 mars 2027 à 18 h"
