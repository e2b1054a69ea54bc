"""The days on which this dealer neither reminds nor closes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import holidays

from releveur.dealer.models import Closure


class ClosedDays:
    """French holidays and the dealer's own closures, as the rules of the schedule want them."""

    def __init__(self, own: frozenset[date]) -> None:
        self._own = own
        self._national = holidays.country_holidays("FR")

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and (day in self._own or day in self._national)


def closed_days() -> ClosedDays:
    """Read the dealer's closures once; the national holidays come from the `holidays` package."""
    return ClosedDays(frozenset(_days()))


def _days() -> Iterator[date]:
    for first, last in Closure.objects.values_list("first_day", "last_day"):
        for number in range((last - first).days + 1):
            yield first + timedelta(days=number)
