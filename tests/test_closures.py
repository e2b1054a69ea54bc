"""The dealer's calendar: its part of France, its closures, its quiet weeks; and its doors."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import holidays
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from releveur.campaigns.models import Invitation
from releveur.dealer import closures
from releveur.dealer.closures import ClosedDays, EveryYear
from releveur.dealer.models import Closure, Dealer
from releveur.rules import schedule
from releveur.rules.schedule import PARIS
from tests.factories import a_campaign, a_contact, a_customer, a_device
from tests.rules.test_docs import Row, every, paris

CHRISTMAS = EveryYear(date(2025, 12, 24), date(2026, 1, 2))


def door(name: str, *arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command(name, *arguments, "--json", stdout=out)
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


def closed_in(part: str) -> ClosedDays:
    return ClosedDays(frozenset(), part=part)


@every("schedule.md", "asked")
def test_a_calendar_moves_the_plan_as_documented(row: Row) -> None:
    quiet = (
        [EveryYear(*map(date.fromisoformat, (row["quiet from"], row["to"])))] if row["to"] else []
    )
    plan = schedule.plan(
        paris(row["asked"]), ClosedDays(frozenset(), quiet, part=row["holidays of"])
    )
    assert plan.reminders == tuple(paris(row[f"reminder {n}"]) for n in (1, 2, 3))
    assert plan.asks_until == paris(row["asks until"])


class TestPartsOfFrance:
    def test_good_friday_and_26_december_are_closed_in_alsace_moselle_only(self) -> None:
        for day in (date(2027, 3, 26), date(2028, 12, 26)):
            assert day in closed_in("57")
            assert day not in closed_in("")
            assert day not in closed_in("974")

    @pytest.mark.parametrize(
        ("written", "day"),
        [
            ("Guadeloupe", date(2027, 5, 27)),
            ("mq", date(2027, 5, 22)),
            ("GF", date(2027, 6, 10)),
            ("la réunion", date(2027, 12, 20)),
            ("YT", date(2027, 4, 27)),
            ("977", date(2027, 10, 9)),
            ("MF", date(2027, 5, 28)),
        ],
    )
    def test_the_day_slavery_was_abolished_is_closed_there(self, written: str, day: date) -> None:
        assert day in closed_in(closures.part_of_france(written))
        assert day not in closed_in("")

    def test_every_part_is_known_to_the_calendar_and_has_a_day_of_its_own(self) -> None:
        france = set(holidays.country_holidays("FR", years=2027))
        for code, name, others in closures.PARTS:
            there = set(holidays.country_holidays("FR", subdiv=code, years=2027))
            assert there > france, name
            assert {closures.part_of_france(one) for one in (code, name, *others)} == {code}

    def test_the_national_holidays_are_closed_everywhere(self) -> None:
        for part in ("", *(code for code, _name, _others in closures.PARTS)):
            assert date(2027, 7, 14) in closed_in(part)


class TestQuietWeeks:
    def test_one_that_spans_new_year_comes_back_every_year_from_its_first_day_on(self) -> None:
        for year in (2025, 2026, 2027, 2040):
            days = [date(year, 12, 23) + timedelta(days=number) for number in range(12)]
            assert [day in CHRISTMAS for day in days] == [False, *[True] * 10, False]
        assert date(2024, 12, 28) not in CHRISTMAS

    def test_one_that_begins_on_a_leap_day_closes_the_rest_in_other_years(self) -> None:
        leap = EveryYear(date(2028, 2, 29), date(2028, 3, 3))
        closed = [day for day in range(27, 33) if date(2029, 2, 1) + timedelta(days=day) in leap]
        assert closed == [28, 29, 30]

    def test_no_plan_of_any_hour_reminds_or_ends_within_one(self) -> None:
        quiet = ClosedDays(frozenset(), [CHRISTMAS])
        for number in range(24 * 60):
            asked = datetime(2026, 11, 15, tzinfo=PARIS) + timedelta(hours=number)
            plan = schedule.plan(asked, quiet)
            for at in (*plan.reminders, plan.asks_until):
                assert not date(2026, 12, 24) <= at.astimezone(PARIS).date() <= date(2027, 1, 2)
            assert plan.asks_until - plan.reminders[2] >= timedelta(hours=48)


@pytest.mark.django_db
class TestDoors:
    def test_the_closures_are_listed_added_and_removed(self) -> None:
        door("closures", "--add", "2026-08-10", "2026-08-14", "--words", "Congés d’été")
        said = door("closures", "--add", "2025-12-24", "2026-01-02", "--yearly")
        assert said == {
            "holidays_of": "",
            "closures": [
                {"first_day": "2025-12-24", "last_day": "2026-01-02", "words": "", "yearly": True},
                {"first_day": "2026-08-10", "last_day": "2026-08-14", "words": "Congés d’été",
                 "yearly": False},
            ],
        }  # fmt: skip
        assert date(2026, 8, 12) in closures.closed_days()
        assert date(2027, 8, 12) not in closures.closed_days()
        assert date(2031, 12, 30) in closures.closed_days()

        left = door("closures", "--remove", "2025-12-24")["closures"]
        assert [one["first_day"] for one in left] == ["2026-08-10"]

    def test_a_person_reads_the_list_in_french(self) -> None:
        out = StringIO()
        Dealer.objects.create(holidays_of="57")
        call_command("closures", "--add", "2025-12-24", "2026-01-02", "--yearly", stdout=out)
        assert "Alsace-Moselle" in out.getvalue()
        assert "24/12/2025 – 02/01/2026  chaque année" in out.getvalue()

    def test_a_dry_run_closes_nothing(self) -> None:
        said = door("closures", "--add", "2026-08-10", "2026-08-14", "--dry-run")
        assert len(said["closures"]) == 1
        assert not Closure.objects.exists()

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--add", "2026-08-14", "2026-08-10"),
            ("--add", "2026-01-01", "2026-06-30"),
            ("--add", "2026-05-01", "2026-05-02"),
            ("--remove", "2026-08-10"),
            ("--yearly",),
            ("--remove", "2026-05-01", "--words", "x"),
        ],
    )
    def test_a_closure_that_cannot_be_is_refused(self, arguments: tuple[str, ...]) -> None:
        door("closures", "--add", "2026-05-01", "2026-05-01")
        with pytest.raises(CommandError) as refusal:
            door("closures", *arguments)
        assert refusal.value.returncode == 1
        assert Closure.objects.count() == 1

    def test_more_than_half_of_every_year_is_never_closed(self) -> None:
        door("closures", "--add", "2026-01-01", "2026-03-31", "--yearly")
        door("closures", "--add", "2026-04-01", "2026-06-30", "--yearly")
        with pytest.raises(CommandError):
            door("closures", "--add", "2026-07-01", "2026-09-30", "--yearly")
        assert Closure.objects.count() == 2

    def test_the_dealer_says_which_holidays_are_its_own(self) -> None:
        assert door("dealer", "--holidays-of", "Alsace-Moselle")["holidays_of"] == "57"
        assert date(2027, 3, 26) in closures.closed_days()
        assert door("dealer", "--phone", "03 88 00 00 00")["holidays_of"] == "57"
        assert door("dealer", "--holidays-of", "")["holidays_of"] == ""
        assert date(2027, 3, 26) not in closures.closed_days()

    def test_an_unknown_part_of_france_is_refused_with_those_there_are(self) -> None:
        with pytest.raises(CommandError) as refusal:
            door("dealer", "--holidays-of", "Bretagne")
        assert refusal.value.returncode == 1
        for word in ("57 (Alsace-Moselle)", "974 (La Réunion)", "NC (Nouvelle-Calédonie)"):
            assert word in str(refusal.value)

    def test_an_invitation_of_december_is_planned_round_the_quiet_weeks(self) -> None:
        door("closures", "--add", "2025-12-24", "2026-01-02", "--yearly")
        a_contact(customer := a_customer())
        a_device(customer)
        a_campaign(due_until=date(2028, 1, 5), now=datetime(2027, 12, 13, 10, tzinfo=PARIS))

        invitation = Invitation.objects.get()
        told = [invitation.reminder_1_at, invitation.reminder_2_at, invitation.reminder_3_at]
        days = [at.astimezone(PARIS).date() for at in (*told, invitation.asks_until)]
        assert days == [date(2027, 12, 20), date(2028, 1, 3), date(2028, 1, 6), date(2028, 1, 10)]
