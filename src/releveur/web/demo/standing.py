"""How many devices stand where, as the parts of one bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from releveur.campaigns.status import Standing

WHOLE = 1_000
"""Width of the whole bar, in its own units."""

WORDS: Mapping[Standing, tuple[str, Promise]] = {
    Standing.DECLARED: ("declared", _("declared by the customer")),
    Standing.ALREADY_READ: ("read", _("reported alone or read by a technician")),
    Standing.ESTIMATED: ("estimated", _("estimated, with the reason")),
    Standing.PARTIAL: ("partial", _("declared in part")),
    Standing.REPORTED: ("partial", _("a problem was told")),
    Standing.BLOCKED: ("blocked", _("blocked: the contract forbids estimates")),
    Standing.UNASKED: ("unasked", _("to be read by phone or on site")),
    Standing.AUTOMATIC: ("silent", _("automatic, nothing received yet")),
    Standing.SILENT: ("silent", _("waiting for an answer")),
}


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the bar: where it begins and how wide it is, its name, its number of devices."""

    count: int
    look: str
    words: Promise
    begin: int
    width: int


def shares(standings: Iterable[Standing]) -> list[Share]:
    """The parts in their order, empty ones left out; together they fill the bar."""
    counts = Counter(standings)
    total, before = counts.total() or 1, 0
    found = []
    for standing, (look, words) in WORDS.items():
        count = counts[standing]
        begin, end = WHOLE * before // total, WHOLE * (before + count) // total
        if count:
            found.append(Share(count, look, words, begin, end - begin))
        before += count
    return found
