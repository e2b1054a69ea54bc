"""When readings are due, when people are reminded, when a campaign closes.

Days of a contract are `first + n months`, never chained: 31 January gives 28 February, then 31
March. Instants are aware; hours are those of the wall clock in Paris, and "48 hours" are real hours
over a change of the clock. Comparing or subtracting two instants of one zone would use the wall
clock, hence `_utc`. docs/rules/schedule.md has the worked dates.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
OPENS, SHUTS = time(9), time(18)
WEEKS = (timedelta(days=7), timedelta(days=14), timedelta(days=21))
NOTICE = timedelta(hours=48)
GRACE = timedelta(minutes=10)
PAUSE = timedelta(hours=72)
GIVE_UP = timedelta(hours=24)
HOUR = timedelta(hours=1)

type Closures = Container[date]
"""Public holidays and the dealer's own closed days."""


@dataclass(frozen=True, slots=True)
class Plan:
    """When one person is reminded, and until when we ask: made once, at the invitation."""

    reminders: tuple[datetime, datetime, datetime]
    asks_until: datetime


@dataclass(frozen=True, slots=True)
class Remind:
    """Owe the person reminder 1, 2 or 3."""

    number: int


@dataclass(frozen=True, slots=True)
class Close:
    """Nothing holds the close back as far as this person is concerned."""


type Step = Remind | Close


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one invitation.

    `reminded` is the highest reminder already owed (0: none); `third_gone`: reminder 3 left or was
    finally refused; `waits_since`: when the request was owed that has not left yet (None: none waits);
    `opted_out`: she wants no more mails; `quiet_until`: the first day in Paris on which she may be
    reminded again.
    """

    plan: Plan
    reminded: int
    answered: bool
    last_mail_at: datetime | None
    third_gone: bool
    waits_since: datetime | None
    fixed: bool = False
    """The day does not move, whatever left: the device leaves then (`plan_until`)."""
    opted_out: bool = False
    quiet_until: date | None = None


def due_on(first: date, months: int, n: int) -> date:
    """Return the n-th due day, the first being number 0: the same day of the month, or its last.

    >>> [due_on(date(2027, 10, 31), 1, n).isoformat() for n in (1, 4, 5)]
    ['2027-11-30', '2028-02-29', '2028-03-31']
    """
    year, month = divmod(first.year * 12 + first.month - 1 + n * months, 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


def latest_due(first: date, months: int, *, until: date) -> date | None:
    """Return the last due day on `until` or before; None before the first one.

    >>> latest_due(date(2022, 1, 5), 3, until=date(2022, 7, 4))
    datetime.date(2022, 4, 5)
    """
    day = grid_day(first, months, until=until)
    return day if day >= first else None


def grid_day(first: date, months: int, *, until: date) -> date:
    """Return the last due day on `until` or before, had the contract always run.

    >>> grid_day(date(2022, 4, 5), 3, until=date(2022, 1, 31))
    datetime.date(2022, 1, 5)
    """
    n = _number(first, months, until)
    day = due_on(first, months, n)
    return day if day <= until else due_on(first, months, n - 1)


def next_due(first: date, months: int, *, after: date) -> date:
    """Return the first due day strictly after a day; never one before the contract's first.

    >>> next_due(date(2022, 1, 5), 3, after=date(2022, 4, 5))
    datetime.date(2022, 7, 5)
    """
    n = max(0, _number(first, months, after))
    day = due_on(first, months, n)
    return day if day > after else due_on(first, months, n + 1)


def on_grid(first: date, months: int, day: date) -> bool:
    """Whether a day is a due day of the contract, had it always run.

    >>> on_grid(date(2022, 1, 5), 3, date(2021, 7, 5))
    True
    >>> on_grid(date(2022, 1, 5), 3, date(2022, 2, 5))
    False
    """
    return due_on(first, months, _number(first, months, day)) == day


def is_working_day(day: date, closures: Closures) -> bool:
    """Monday to Friday, unless closed."""
    return day.weekday() < 5 and day not in closures


def into_office_hours(at: datetime, closures: Closures) -> datetime:
    """Move an instant on to the office's hours, 09:00 to 18:00 in Paris on working days.

    :returns: the same instant, or 09:00 of the same or the next working day; in the zone of Paris
    :raises ValueError: `at` has no zone

    >>> into_office_hours(datetime(2022, 4, 16, 10, tzinfo=PARIS), {date(2022, 4, 18)}).isoformat()
    '2022-04-19T09:00:00+02:00'
    """
    local = _utc(at).astimezone(PARIS)
    day, hour = local.date(), local.time()
    if not is_working_day(day, closures) or hour >= SHUTS:
        return _at(_next_working_day(day, closures), OPENS)
    return local if hour >= OPENS else _at(day, OPENS)


def plan(at: datetime, closures: Closures) -> Plan:
    """Plan the reminders and the deadline of a person invited at `at`.

    Reminders 7, 14 and 21 days later at the same hour of the wall clock in Paris, moved into office
    hours; where a long closure would bring two together, the later one keeps `PAUSE` from the one
    before.

    :raises ValueError: `at` has no zone

    >>> made = plan(datetime(2022, 4, 5, 10, tzinfo=PARIS), {date(2022, 4, 18)})
    >>> [f"{day:%d/%m %H:%M}" for day in (*made.reminders, made.asks_until)]
    ['12/04 10:00', '19/04 10:00', '26/04 10:00', '28/04 18:00']
    """
    local = _utc(at).astimezone(PARIS)
    first, second, third = (local + week for week in WEEKS)
    first = into_office_hours(first, closures)
    second = into_office_hours(_latest(second, _later(first, PAUSE)), closures)
    third = into_office_hours(_latest(third, _later(second, PAUSE)), closures)
    return Plan((first, second, third), asks_until_after(third, closures))


def plan_until(at: datetime, day: date, closures: Closures) -> Plan:
    """Plan the reminders of a person asked until 18:00 of a day that does not move.

    As `plan` where that ends in time. Else the reminders share the time there is, `PAUSE` apart at
    least; those for which none is left come so close to the others that `due_step` lets none of
    them leave.

    :raises ValueError: `at` has no zone, or the day is over

    >>> def planned(day):
    ...     made = plan_until(datetime(2022, 4, 5, 10, tzinfo=PARIS), day, set())
    ...     return [f"{at:%d/%m %H:%M}" for at in (*made.reminders, made.asks_until)]
    >>> planned(date(2022, 5, 2))
    ['12/04 10:00', '19/04 10:00', '26/04 10:00', '02/05 18:00']
    >>> planned(date(2022, 4, 18))
    ['08/04 18:00', '12/04 02:00', '15/04 10:00', '18/04 18:00']
    >>> planned(date(2022, 4, 9))
    ['08/04 10:00', '08/04 20:40', '09/04 07:20', '09/04 18:00']
    """
    begin, end = _utc(at), _utc(_at(day, SHUTS))
    if begin >= end:
        raise ValueError(f"{day} is over")
    usual = plan(at, closures)
    if _utc(usual.asks_until) <= end:
        return Plan(usual.reminders, _at(day, SHUTS))
    apart = max((end - begin) / 4, PAUSE)
    leaving = [one for n in (1, 2, 3) if (one := begin + n * apart) < end]
    last, crowded = max(leaving, default=begin), 3 - len(leaving)
    close = [last + n * (end - last) / (crowded + 1) for n in range(1, crowded + 1)]
    first, second, third = (one.astimezone(PARIS) for one in (*leaving, *close))
    return Plan((first, second, third), _at(day, SHUTS))


def days_of_pause(begin: datetime, end: datetime) -> int:
    """By how many whole days the dates still to come move; half a day counts as one.

    :raises ValueError: an instant has no zone
    """
    return round((_utc(end) - _utc(begin)) / timedelta(days=1))


def moved(made: Plan, since: datetime, days: int, closures: Closures) -> Plan:
    """Return a plan whose dates after `since` lie `days` later, on working days and in office hours.

    A reminder that was due before `since` stays where it was. The others keep `PAUSE` between them,
    and the last one leaves the 48 hours before the deadline.

    :raises ValueError: an instant has no zone

    >>> made = plan(datetime(2022, 4, 5, 10, tzinfo=PARIS), {date(2022, 4, 18)})
    >>> later = moved(made, datetime(2022, 4, 13, 9, tzinfo=PARIS), 6, {date(2022, 4, 18)})
    >>> [f"{day:%d/%m %H:%M}" for day in (*later.reminders, later.asks_until)]
    ['12/04 10:00', '25/04 10:00', '02/05 10:00', '04/05 18:00']
    """
    begin, by = _utc(since), timedelta(days=days)
    reminders: list[datetime] = []
    for at in made.reminders:
        if _utc(at) > begin:
            later = _utc(at).astimezone(PARIS) + by
            after = _later(reminders[-1], PAUSE) if reminders else later
            reminders.append(into_office_hours(_latest(later, after), closures))
        else:
            reminders.append(at)
    first, second, third = reminders
    if _utc(made.asks_until) <= begin:
        return Plan((first, second, third), made.asks_until)
    deadline = into_office_hours(_utc(made.asks_until).astimezone(PARIS) + by - HOUR, closures)
    kept = _at(deadline.date(), SHUTS)
    return Plan((first, second, third), _latest(kept, asks_until_after(third, closures)))


def asks_until_after(third: datetime, closures: Closures) -> datetime:
    """Return the first 18:00 of a working day at least 48 real hours after reminder 3.

    :raises ValueError: `third` has no zone
    """
    earliest = _later(third, NOTICE)
    day = earliest.date()
    if not is_working_day(day, closures) or earliest.time() > SHUTS:
        day = _next_working_day(day, closures)
    return _at(day, SHUTS)


def due_step(facts: Facts, *, closures: Closures, now: datetime) -> Step | None:
    """Say what is due for one invitation, if anything.

    After an outage only the latest reminder leaves, never within `PAUSE` of the person's last mail,
    nor while one still waits to leave, and only in office hours. Nobody silent is closed before reminder 3 is gone, or what was
    owed before it could not leave for `GIVE_UP`. A reminder 3 that leaves late moves `asks_until`: the caller's promise, by
    `asks_until_after`. A day that does not move ends at its hour: nothing leaves after it. Whoever
    wants no more mails, or no reminder until a day after her deadline, is not reminded, and is closed
    at the deadline she was told.

    >>> made = plan(datetime(2022, 4, 5, 10, tzinfo=PARIS), {date(2022, 4, 18)})
    >>> told = datetime(2022, 4, 5, 10, tzinfo=PARIS)
    >>> away = Facts(made, 0, False, told, False, None, quiet_until=date(2022, 4, 20))
    >>> due_step(away, closures=(), now=datetime(2022, 4, 19, 10, tzinfo=PARIS))
    >>> due_step(away, closures=(), now=datetime(2022, 4, 20, 9, tzinfo=PARIS))
    Remind(number=2)

    :raises ValueError: an instant has no zone
    """
    due = [n for n, at in enumerate(facts.plan.reminders, 1) if _utc(at) <= _utc(now)]
    number = max(due, default=0)
    if facts.fixed and _utc(now) >= _utc(facts.plan.asks_until):
        return Close() if _utc(now) >= _utc(facts.plan.asks_until) + GRACE else None
    awaited = _awaited(facts)
    if awaited and number > facts.reminded and not _is_stuck(facts, now):
        return Remind(number) if _may_write(facts, closures, now) else None
    if _utc(now) < _utc(facts.plan.asks_until) + GRACE:
        return None
    return Close() if not awaited or _third_is_settled(facts, now) else None


def _awaited(facts: Facts) -> bool:
    """Whether she owes a value and may still be reminded of it."""
    deadline = _utc(facts.plan.asks_until).astimezone(PARIS).date()
    away = facts.quiet_until is not None and facts.quiet_until > deadline
    return not (facts.answered or facts.opted_out or away)


def _may_write(facts: Facts, closures: Closures, now: datetime) -> bool:
    if facts.waits_since is not None:
        return False
    if facts.quiet_until and _utc(now).astimezone(PARIS).date() < facts.quiet_until:
        return False
    rested = facts.last_mail_at is None or _utc(now) - _utc(facts.last_mail_at) >= PAUSE
    return rested and _utc(into_office_hours(now, closures)) == _utc(now)


def _third_is_settled(facts: Facts, now: datetime) -> bool:
    return (facts.reminded >= 3 and facts.third_gone) or _is_stuck(facts, now)


def _is_stuck(facts: Facts, now: datetime) -> bool:
    """Whether a request to her can neither leave nor fail."""
    since = facts.waits_since
    return since is not None and _utc(now) - _utc(since) >= GIVE_UP


def _number(first: date, months: int, day: date) -> int:
    """The n whose due day falls in the month of `day`, or the last one before that month."""
    return ((day.year - first.year) * 12 + day.month - first.month) // months


def _next_working_day(day: date, closures: Closures) -> date:
    day += timedelta(days=1)
    while not is_working_day(day, closures):
        day += timedelta(days=1)
    return day


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, PARIS)


def _later(at: datetime, span: timedelta) -> datetime:
    """Add real hours, not hours of the wall clock."""
    return (_utc(at) + span).astimezone(PARIS)


def _latest(one: datetime, other: datetime) -> datetime:
    return max(one, other, key=_utc)


def _utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"{at} has no zone")
    return at.astimezone(UTC)
