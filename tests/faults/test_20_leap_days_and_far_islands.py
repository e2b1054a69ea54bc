"""A quarter has the days it has: a device installed on 29 February, a quarter of 90 or 91 days, a value
read on 31 December a minute before midnight are billed to the day and to the page; a customer in Réunion or
Nouméa declares on his own calendar day, and is told that the deadline is that of Paris.

Any volume cut over the quarters of any year adds up to it, in any split of the year; contracts begun on a
leap day; and a declaration through the page at an hour that is another day elsewhere.

Without the largest remainder in `rules/metering.py: split` (the part `+ (part in largest)`) the quarters
lose pages; without `monthrange` in `rules/schedule.py: due_on` 29 February is no day of 2025; without the
site's zone in `campaigns/answering.py: today` a customer in Nouméa cannot declare before 11 in the morning.
The local hour beside that of Paris in mails and pages is not there yet: they say « heure de Paris ».
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releveur import clock
from releveur.campaigns.models import DueReading, Invitation
from releveur.customers.models import Site
from releveur.importing import zones
from releveur.rules import metering, schedule
from releveur.rules.metering import Quality, Reading, settle
from releveur.rules.schedule import PARIS
from tests.factories import OPENED, answers
from tests.faults.asked import asked, the_device
from tests.web.visiting import a_visitor, fields, text

TRIED = settings(max_examples=1_000, derandomize=True, deadline=None, database=None)
YEARS = st.integers(2020, 2040)


@TRIED
@given(YEARS, st.integers(-(10**9), 10**9))
def test_the_quarters_of_a_year_add_up_to_the_year(year: int, pages: int) -> None:
    starts = [*(date(year, month, 1) for month in (1, 4, 7, 10)), date(year + 1, 1, 1)]
    days = [(end - begin).days for begin, end in pairwise(starts)]
    assert days[0] == (91 if year % 4 == 0 else 90) and sum(days) == (366 if year % 4 == 0 else 365)
    parts = metering.split(pages, days)
    assert sum(parts) == pages
    whole = sum(days)
    assert all(
        abs(part * whole - pages * day) < whole for part, day in zip(parts, days, strict=True)
    )


@TRIED
@given(YEARS, st.lists(st.integers(0, 9_000), min_size=4, max_size=4), st.integers(1, 3))
def test_a_year_estimated_and_read_at_its_end_is_billed_to_the_page(
    year: int, guesses: list[int], quarters: int
) -> None:
    first = Reading(date(year, 1, 5), 39_684)
    billed, total = [first], 0
    for number in range(1, quarters + 1):
        day = schedule.due_on(first.taken_on, 3, number)
        guess = Reading(day, 39_684 + guesses[number - 1], Quality.ESTIMATED)
        total += settle(guess, billed=billed, history=[first]).net
        billed.append(guess)
    end = Reading(date(year + 1, 1, 5), 39_684 + guesses[3])
    total += settle(end, billed=billed, history=[first, end]).net
    assert total == guesses[3]


def test_a_contract_of_29_february_is_due_on_the_last_day_of_february() -> None:
    days = [schedule.due_on(date(2024, 2, 29), 12, n) for n in range(5)]
    assert [f"{day:%d/%m/%Y}" for day in days] == [
        "29/02/2024", "28/02/2025", "28/02/2026", "28/02/2027", "29/02/2028",
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("postal_code", "utc", "day"),
    [
        ("75002", "2022-12-31T22:59", "2022-12-31"),
        ("75002", "2022-12-31T23:01", "2023-01-01"),
        ("97400", "2022-12-31T20:01", "2023-01-01"),
        ("98800", "2022-12-31T12:59", "2022-12-31"),
        ("98800", "2022-12-31T13:01", "2023-01-01"),
    ],
)
def test_a_value_belongs_to_the_day_it_is_where_the_device_stands(
    postal_code: str, utc: str, day: str
) -> None:
    invitation = asked()
    Site.objects.update(zone=zones.of(postal_code))
    now = datetime.fromisoformat(f"{utc}+00:00")
    today, tomorrow = date.fromisoformat(day), date.fromisoformat(day) + timedelta(1)

    early = answers(invitation, the_device(), mono=41_200, now=now, taken_on=tomorrow)
    assert [one.date_fault for one in early.questions.values()] == ["IN_THE_FUTURE"]
    answers(invitation, the_device(), mono=41_200, now=now, taken_on=today)
    row = DueReading.objects.select_related("reading").get()
    assert row.reading and row.reading.taken_on == today


@pytest.mark.django_db
def test_in_noumea_the_page_proposes_todays_day_there_and_names_the_hour_of_paris() -> None:
    evening = datetime(2022, 4, 5, 20, tzinfo=PARIS)
    clock.set(OPENED)
    asked()
    Site.objects.update(zone=zones.of("98800"))
    clock.set(evening)
    visitor = a_visitor(Invitation.objects.get())
    page = visitor.get("/releves")
    assert "heure de Paris" in text(page)
    form = fields(page) | {f"value-{DueReading.objects.get().pk}": "41200"}
    assert visitor.post("/releves", form).status_code == 303
    row = DueReading.objects.select_related("reading").get()
    assert row.reading and row.reading.taken_on == date(2022, 4, 6), "it is Wednesday there"
