"""Which readings may stand for a day due, although nobody was asked for them.

docs/rules/schedule.md has the worked days; the 20 days are those of the trade's billing programs, which take the
latest reading of the last 20 days as real and estimate beyond.
"""

from __future__ import annotations

from datetime import date, timedelta

from releveur.rules.schedule import next_due

LONGEST = timedelta(days=20)


def margin(due_on: date, *, months: int) -> timedelta:
    """How early a reading may be: 20 days, and no more than a third of the period.

    >>> margin(date(2022, 4, 5), months=3).days
    20
    >>> margin(date(2022, 4, 5), months=1).days
    10
    """
    period = next_due(due_on, months, after=due_on) - due_on
    return min(LONGEST, period // 3)


def fits(taken_on: date, *, due_on: date, months: int, billed_on: date | None) -> bool:
    """Whether a reading of that day may fill the row due on `due_on`.

    After the last billed day; not earlier than the margin; before the next day due less its margin.

    >>> fits(date(2022, 3, 16), due_on=date(2022, 4, 5), months=3, billed_on=date(2022, 1, 5))
    True
    >>> fits(date(2022, 3, 15), due_on=date(2022, 4, 5), months=3, billed_on=date(2022, 1, 5))
    False
    >>> fits(date(2022, 6, 15), due_on=date(2022, 4, 5), months=3, billed_on=date(2022, 1, 5))
    False
    """
    if billed_on is not None and taken_on <= billed_on:
        return False
    after = next_due(due_on, months, after=due_on)
    return due_on - margin(due_on, months=months) <= taken_on < after - margin(after, months=months)
