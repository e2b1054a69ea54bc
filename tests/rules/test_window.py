from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from releveur.rules.schedule import next_due
from releveur.rules.window import fits
from tests.rules.test_docs import Row, every

PERIODS = st.sampled_from([1, 2, 3, 4, 6, 12])


@every("schedule.md", "day due")
def test_a_reading_nobody_had_to_ask_for_fits_as_documented(row: Row) -> None:
    billed = date.fromisoformat(row["last billed"]) if row["last billed"] else None
    found = fits(
        date.fromisoformat(row["taken on"]),
        due_on=date.fromisoformat(row["day due"]),
        months=int(row["months"]),
        billed_on=billed,
    )
    assert found is (row["fits"] == "yes")


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), PERIODS, st.integers(-400, 400))
def test_a_reading_fits_one_day_due_at_most(due_on: date, months: int, offset: int) -> None:
    taken_on = due_on + timedelta(days=offset)
    after = next_due(due_on, months, after=due_on)
    fitting = [
        day for day in (due_on, after) if fits(taken_on, due_on=day, months=months, billed_on=None)
    ]
    assert len(fitting) <= 1
