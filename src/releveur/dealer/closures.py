"""The days on which this dealer neither reminds nor closes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import holidays
from django.db import transaction
from django.utils.translation import gettext as _

from releveur.dealer.models import Closure, Dealer

LONGEST = 92
"""Days of one closure: a whole quarter closed is a mistake of typing."""
MOST_OF_A_YEAR = 183
"""Days that come back closed every year; with all of them closed there would be no next day."""

type DayOfTheYear = tuple[int, int]

PARTS: Sequence[tuple[str, str, Sequence[str]]] = (
    ("57", "Alsace-Moselle", ("67", "68", "6AE", "Alsace", "Moselle")),
    ("971", "Guadeloupe", ("GP",)),
    ("972", "Martinique", ("MQ",)),
    ("973", "Guyane", ("GF",)),
    ("974", "La Réunion", ("RE", "Réunion")),
    ("976", "Mayotte", ("YT",)),
    ("BL", "Saint-Barthélemy", ("977",)),
    ("MF", "Saint-Martin", ("978",)),
    ("NC", "Nouvelle-Calédonie", ("988",)),
    ("PF", "Polynésie française", ("987",)),
    ("WF", "Wallis-et-Futuna", ("986",)),
)
"""The parts of France with holidays of their own: code of `holidays`, name, what people also write."""


class Refusal(Exception):
    """Such a closure, or such a part of France, cannot be; the message says why."""


@dataclass(frozen=True, slots=True)
class EveryYear:
    """A closure that comes back, from its first day on; it may span New Year."""

    first_day: date
    last_day: date

    def __contains__(self, day: date) -> bool:
        first, last, one = map(_of_the_year, (self.first_day, self.last_day, day))
        if day < self.first_day:
            return False
        return first <= one <= last if first <= last else one >= first or one <= last


class ClosedDays:
    """The holidays of a part of France and the dealer's own closures, as the rules of the schedule want them."""

    def __init__(
        self, own: frozenset[date], yearly: Sequence[EveryYear] = (), *, part: str = ""
    ) -> None:
        self._own = own
        self._yearly = yearly
        self._public = holidays.country_holidays("FR", subdiv=part or None)

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and (
            day in self._own or any(day in one for one in self._yearly) or day in self._public
        )


def closed_days() -> ClosedDays:
    """Read the dealer's closures once; the public holidays come from the `holidays` package."""
    spans = list(Closure.objects.values_list("first_day", "last_day", "yearly"))
    return ClosedDays(
        frozenset(day for first, last, yearly in spans if not yearly for day in _days(first, last)),
        [EveryYear(first, last) for first, last, yearly in spans if yearly],
        part=Dealer.objects.here().holidays_of,
    )


def close(first_day: date, last_day: date, *, words: str = "", yearly: bool = False) -> Closure:
    """Close some days, once or every year; dates promised before in a mail stay.

    :raises Refusal: ends before it begins, begins with another, or too long
    """
    length = (last_day - first_day).days + 1
    if length < 1:
        raise Refusal(_("The last day comes before the first. Write the first one first."))
    if length > LONGEST:
        raise Refusal(_("A closure is of %(days)d days at most.") % {"days": LONGEST})
    with transaction.atomic():
        if Closure.objects.filter(first_day=first_day).exists():
            raise Refusal(_("Another closure begins on that day. Remove it first."))
        made = Closure.objects.create(
            first_day=first_day, last_day=last_day, words=words, yearly=yearly
        )
        if len(_closed_every_year()) > MOST_OF_A_YEAR:
            raise Refusal(_("With it, more than half of every year would be closed."))
    return made


def open_again(first_day: date) -> Closure:
    """Take back the closure that begins on a day.

    :raises Refusal: none does
    """
    gone = Closure.objects.filter(first_day=first_day).first()
    if gone is None:
        raise Refusal(_("No closure begins on that day."))
    Closure.objects.filter(pk=gone.pk).delete()
    return gone


def part_of_france(text: str) -> str:
    """The code under which `holidays` knows a part of France; empty for the national holidays.

    :raises Refusal: it has no holidays of its own
    """
    asked = text.strip().casefold()
    for code, name, others in PARTS:
        if asked in {spelling.casefold() for spelling in (code, name, *others)}:
            return code
    if asked in ("", "fr", "france"):
        return ""
    known = ", ".join(f"{code} ({name})" for code, name, _others in PARTS)
    message = _(
        "%(text)s has no holidays of its own here. Known: %(known)s; empty for the national ones."
    )
    raise Refusal(message % {"text": text, "known": known})


def name_of(part: str) -> str:
    """How people call a part of France."""
    names: Mapping[str, str] = {code: name for code, name, _others in PARTS}
    return names.get(part, "France")


def _closed_every_year() -> set[DayOfTheYear]:
    spans = Closure.objects.filter(yearly=True).values_list("first_day", "last_day")
    return {_of_the_year(day) for first, last in spans for day in _days(first, last)}


def _of_the_year(day: date) -> DayOfTheYear:
    return day.month, day.day


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
