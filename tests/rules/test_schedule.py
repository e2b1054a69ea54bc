"""Nobody is closed before 48 real hours after the third reminder, whatever the calendar does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releveur.rules.schedule import (
    GIVE_UP,
    GRACE,
    PARIS,
    PAUSE,
    Close,
    Facts,
    Plan,
    Remind,
    asks_until_after,
    due_on,
    due_step,
    into_office_hours,
    is_working_day,
    latest_due,
    next_due,
    on_grid,
    plan,
    plan_until,
)

MONTHS = st.sampled_from((1, 2, 3, 4, 6, 12))
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 31), timezones=st.just(UTC))


def changes_of_the_clock() -> list[datetime]:
    """The hours from 2020 to 2040 after which the clock in Paris says something else."""
    nights = [(month, day) for month in (3, 10) for day in range(25, 32)]
    hours = [datetime(y, *night, 1, tzinfo=UTC) for y in range(2020, 2041) for night in nights]
    before = timedelta(hours=1)
    return [
        hour for hour in hours
        if (hour - before).astimezone(PARIS).utcoffset() != hour.astimezone(PARIS).utcoffset()
    ]  # fmt: skip


CHANGES = changes_of_the_clock()
AROUND_CHANGES = st.builds(
    lambda change, hours: change + hours,
    st.sampled_from(CHANGES),
    st.timedeltas(timedelta(days=-30), timedelta(days=9)),
)


@st.composite
def invited(draw: st.DrawFn) -> tuple[datetime, frozenset[date]]:
    """An instant, often near a change of the clock, and closures that may last for weeks."""
    at = draw(INSTANTS | AROUND_CHANGES)
    closed = set()
    for _ in range(draw(st.integers(0, 3))):
        start = at.date() + timedelta(draw(st.integers(0, 40)))
        closed |= {start + timedelta(day) for day in range(draw(st.integers(1, 40)))}
    return at, frozenset(closed)


def utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def paris(*parts: int) -> datetime:
    year, month, day, hour, minute = (*parts, 0, 0)[:5]
    return datetime(year, month, day, hour, minute, tzinfo=PARIS)


def test_the_clock_changes_twice_a_year() -> None:
    assert len(CHANGES) == 42


@given(invited())
def test_no_plan_closes_before_48_real_hours_after_the_third_reminder(
    case: tuple[datetime, frozenset[date]],
) -> None:
    at, closed = case
    made = plan(at, closed)
    assert utc(made.asks_until) - utc(made.reminders[2]) >= timedelta(hours=48)
    assert (made.asks_until.hour, made.asks_until.minute) == (18, 0)
    assert is_working_day(made.asks_until.date(), closed)


@given(invited())
def test_reminders_stand_in_office_hours_and_never_within_72_hours(
    case: tuple[datetime, frozenset[date]],
) -> None:
    at, closed = case
    instants = [utc(at), *(utc(reminder) for reminder in plan(at, closed).reminders)]
    assert all(later - earlier >= PAUSE for earlier, later in pairwise(instants))
    for week, reminder in zip((1, 2, 3), plan(at, closed).reminders, strict=True):
        assert reminder.tzinfo is PARIS
        assert 9 <= reminder.hour < 18
        assert is_working_day(reminder.date(), closed)
        assert reminder.date() >= at.astimezone(PARIS).date() + timedelta(weeks=week)


@given(invited())
def test_an_undisturbed_plan_reminds_1_2_3_and_then_closes(
    case: tuple[datetime, frozenset[date]],
) -> None:
    at, closed = case
    made = plan(at, closed)
    told = utc(at)
    for number, reminder in enumerate(made.reminders, 1):
        facts = Facts(made, number - 1, False, told, False, None)
        assert due_step(facts, closures=closed, now=reminder - timedelta(seconds=1)) is None
        assert due_step(facts, closures=closed, now=reminder) == Remind(number)
        told = utc(reminder)
    facts = Facts(made, 3, False, told, True, None)
    closing = utc(made.asks_until) + GRACE
    assert due_step(facts, closures=closed, now=closing - timedelta(seconds=1)) is None
    assert due_step(facts, closures=closed, now=closing) == Close()


@dataclass
class Mailbox:
    """What one person received, when the worker only wakes now and then."""

    plan: Plan
    told: list[datetime]
    reminded: int = 0
    closed_at: datetime | None = None

    def wake(self, now: datetime, closed: frozenset[date]) -> None:
        facts = Facts(self.plan, self.reminded, False, self.told[-1], self.reminded == 3, None)
        match due_step(facts, closures=closed, now=now):
            case Remind(number):
                assert number > self.reminded
                assert into_office_hours(now, closed) == now
                self.reminded = number
                self.told.append(now)
                if number == 3:
                    deadline = max(self.plan.asks_until, asks_until_after(now, closed))
                    self.plan = Plan(self.plan.reminders, deadline)
            case Close():
                self.closed_at = now
            case None:
                pass


@given(invited(), st.lists(st.integers(1, 160), min_size=1, max_size=6), st.integers(0, 23))
def test_after_any_outage_nobody_is_pressed_and_48_hours_are_kept(
    case: tuple[datetime, frozenset[date]], naps: list[int], late: int
) -> None:
    at, closed = case
    box = Mailbox(plan(at, closed), [at])
    now = at
    for wake_up in range(4_000):
        now += timedelta(hours=naps[wake_up] if wake_up < len(naps) else 5, minutes=late)
        box.wake(now, closed)
        if box.closed_at:
            break
    assert box.closed_at
    assert box.reminded == 3
    assert box.closed_at - box.told[-1] >= timedelta(hours=48)
    assert all(later - earlier >= PAUSE for earlier, later in pairwise(box.told))


def facts(**changed: Any) -> Facts:
    told = paris(2022, 4, 26, 10)
    made = plan(paris(2022, 4, 5, 10), {date(2022, 4, 18)})
    usual: dict[str, Any] = {
        "plan": made, "reminded": 3, "answered": False, "last_mail_at": told,
        "third_gone": True, "waits_since": None,
    }  # fmt: skip
    return Facts(**usual | changed)


def test_who_answered_is_never_reminded_and_holds_nothing_back() -> None:
    answered = facts(answered=True, reminded=0, third_gone=False)
    assert due_step(answered, closures=(), now=paris(2022, 4, 26, 10)) is None
    assert due_step(answered, closures=(), now=paris(2022, 4, 28, 18, 10)) == Close()


def test_a_third_reminder_that_cannot_leave_holds_the_close_for_24_hours_only() -> None:
    owed = paris(2022, 4, 28, 17)
    stuck = facts(third_gone=False, waits_since=owed)
    assert due_step(stuck, closures=(), now=paris(2022, 4, 28, 18, 10)) is None
    assert due_step(stuck, closures=(), now=owed + GIVE_UP) == Close()


def test_nobody_is_reminded_while_an_earlier_request_has_not_left() -> None:
    owed = paris(2022, 4, 26, 9)
    waiting = facts(reminded=1, waits_since=owed, last_mail_at=None)
    assert due_step(waiting, closures=(), now=paris(2022, 4, 26, 10)) is None
    assert due_step(waiting, closures=(), now=paris(2022, 4, 27, 10)) is None
    assert due_step(waiting, closures=(), now=paris(2022, 4, 28, 18, 10)) == Close()
    left = facts(reminded=1, last_mail_at=paris(2022, 4, 27, 10, 30))
    assert due_step(left, closures=(), now=paris(2022, 4, 29, 10, 30)) is None
    assert due_step(left, closures=(), now=paris(2022, 5, 2, 9)) == Remind(3)


def test_nobody_silent_is_closed_while_the_third_reminder_is_not_owed() -> None:
    night = paris(2022, 4, 30, 3)
    assert due_step(facts(reminded=2), closures=(), now=night) is None
    assert due_step(facts(reminded=2), closures=(), now=paris(2022, 5, 2, 9)) == Remind(3)


def test_72_hours_are_real_hours_over_a_change_of_the_clock() -> None:
    made = plan(paris(2026, 10, 19, 10), ())
    told = paris(2026, 10, 23, 11)
    waiting = facts(plan=made, reminded=0, last_mail_at=told)
    assert due_step(waiting, closures=(), now=paris(2026, 10, 26, 10)) == Remind(1)
    assert due_step(waiting, closures=(), now=paris(2026, 10, 26, 9, 59)) is None


@pytest.mark.parametrize(
    ("at", "moved"),
    [
        (paris(2022, 4, 15, 8, 59), paris(2022, 4, 15, 9)),
        (paris(2022, 4, 15, 9), paris(2022, 4, 15, 9)),
        (paris(2022, 4, 15, 17, 59), paris(2022, 4, 15, 17, 59)),
        (paris(2022, 4, 15, 18), paris(2022, 4, 19, 9)),
        (paris(2022, 4, 18, 7), paris(2022, 4, 19, 9)),
        (paris(2027, 3, 28, 2, 30), paris(2027, 3, 29, 9)),
        (paris(2026, 10, 25, 2, 30), paris(2026, 10, 26, 9)),
        (datetime(2022, 4, 15, 7, 30, tzinfo=UTC), paris(2022, 4, 15, 9, 30)),
    ],
)  # fmt: skip
def test_an_instant_moves_on_into_office_hours(at: datetime, moved: datetime) -> None:
    assert into_office_hours(at, {date(2022, 4, 18)}) == moved


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        plan(datetime(2022, 4, 5, 10), ())


@given(DAYS, MONTHS, DAYS)
def test_every_day_stands_between_two_due_days(first: date, months: int, day: date) -> None:
    latest, following = (
        latest_due(first, months, until=day),
        next_due(first, months, after=day),
    )
    assert following > day
    if latest is None:
        assert (day < first, following) == (True, first)
    else:
        assert first <= latest <= day
        assert next_due(first, months, after=latest) == following


@given(DAYS, MONTHS, st.integers(-40, 40))
def test_the_grid_reaches_both_ways_and_holds_only_its_days(
    first: date, months: int, n: int
) -> None:
    day = due_on(first, months, n)
    assert on_grid(first, months, day)
    assert not on_grid(first, months, day - timedelta(days=4))


def test_a_month_end_is_computed_from_the_first_day_not_from_the_last_one() -> None:
    assert next_due(date(2022, 1, 31), 1, after=date(2022, 2, 28)) == date(2022, 3, 31)
    assert latest_due(date(2022, 1, 31), 1, until=date(2022, 3, 30)) == date(2022, 2, 28)
    assert on_grid(date(2022, 1, 31), 1, date(2022, 2, 28))
    assert not on_grid(date(2022, 2, 28), 1, date(2022, 1, 31))


@given(invited(), st.integers(0, 40))
def test_a_plan_for_a_fixed_day_stays_within_it_in_its_order(
    case: tuple[datetime, frozenset[date]], days: int
) -> None:
    at, closed = case
    day = at.astimezone(PARIS).date() + timedelta(days)
    end = paris(day.year, day.month, day.day, 18)
    if utc(at) >= utc(end):
        with pytest.raises(ValueError, match="over"):
            plan_until(at, day, closed)
        return
    made = plan_until(at, day, closed)
    instants = [utc(one) for one in (at, *made.reminders, made.asks_until)]
    assert all(earlier < later for earlier, later in pairwise(instants))
    assert made.asks_until == end


@given(invited(), st.integers(1, 40), st.integers(0, 6))
def test_a_fixed_day_ends_at_its_hour_and_nobody_is_pressed_before(
    case: tuple[datetime, frozenset[date]], days: int, nap: int
) -> None:
    at, closed = case
    made = plan_until(at, at.astimezone(PARIS).date() + timedelta(days), closed)
    told, reminded, now = [utc(at)], 0, utc(at)
    while now < utc(made.asks_until) + GRACE:
        now += timedelta(hours=1 + nap)
        asked = Facts(made, reminded, False, told[-1], False, None, fixed=True)
        match due_step(asked, closures=closed, now=now):
            case Remind(number):
                assert now < utc(made.asks_until)
                reminded = number
                told.append(now)
            case Close():
                assert now >= utc(made.asks_until) + GRACE
    assert due_step(asked, closures=closed, now=now) == Close()
    assert all(later - earlier >= PAUSE for earlier, later in pairwise(told))
