"""The price of silence: what the close retains, in impressions, where nobody declares anything.

It is told calmly, and only where an estimate will really be made: of a periodic row that somebody is asked
for, whose contract allows it and whose device no problem was told of. A meter with neither a past nor an
expected volume has no number of its own: nothing is told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import ngettext

from releveur.campaigns.models import DueReading, Invitation, Kind, Notice
from releveur.dealer.models import Dealer
from releveur.readings import foreseeing, submission, wording
from releveur.readings.foreseeing import Ahead
from releveur.readings.submission import Facts
from releveur.rules import metering
from releveur.rules.estimation import Estimate, Method

FROM_REMINDER_2 = (Notice.What.REMINDED_2, Notice.What.REMINDED_3, Notice.What.MOVED)
"""Of the mails that ask, those that come with the second reminder or after it."""


@dataclass(frozen=True, slots=True)
class Price:
    """What would be retained for one meter: its counter on a day, and the impressions since it was last invoiced."""

    day: date
    value: int
    impressions: int


def is_told(dealer: Dealer, invitation: Invitation, *, now: datetime) -> bool:
    """Whether this person sees it by now: by the dealer's setting, from the day of her second reminder."""
    match dealer.price_of_silence:
        case Dealer.PriceOfSilence.NEVER:
            return False
        case Dealer.PriceOfSilence.ALWAYS:
            return True
        case _:
            return invitation.reminder_2_at <= now


def is_written(dealer: Dealer, what: str) -> bool:
    """Whether the mail of such a notice says it."""
    match dealer.price_of_silence:
        case Dealer.PriceOfSilence.NEVER:
            return False
        case Dealer.PriceOfSilence.ALWAYS:
            return what != Notice.What.CLOSED
        case _:
            return what in FROM_REMINDER_2


def prices(rows: Iterable[DueReading]) -> dict[int, Price]:
    """What the close would retain for each of these rows that it would estimate, as things stand now.

    The past of all their meters is read in two queries.

    :param rows: all that is asked of somebody, with `told` known, device and contract loaded
    """
    those = silent(rows)
    if not those:
        return {}
    known = submission.facts([row.meter for row, _day in those])
    found = at(those, known=known)
    return {row.pk: price for (row, _day), price in zip(those, found, strict=True) if price}


def silent(rows: Iterable[DueReading]) -> list[tuple[DueReading, date]]:
    """The rows that the close would estimate if nothing came, each with the day that it is estimated for.

    That is the day due, or the one on which another meter of the device was read.
    """
    every = list(rows)
    read = {(row.meter.device_id, row.due_on): row.answer.taken_on for row in every if row.answer}
    return [
        (row, read.get((row.meter.device_id, row.due_on), row.due_on))
        for row in every
        if _is_estimated(row)
    ]


def at(
    those: Sequence[tuple[DueReading, date]], *, known: Mapping[int, Facts]
) -> list[Price | None]:
    """What would be retained for each row on its day; None of a meter that nobody knows a volume of.

    :param known: the past of each meter
    """
    ahead = [Ahead(known[row.meter_id], day) for row, day in those]
    return [
        None if found.method is Method.NOTHING else _price(found, one)
        for one, found in zip(ahead, foreseeing.foresee(ahead), strict=True)
    ]


def in_words(price: Price) -> str:
    """« 1 500 impressions (compteur estimé 41 184) », in the active language."""
    said = ngettext(
        "%(impressions)s impression (estimated counter %(value)s)",
        "%(impressions)s impressions (estimated counter %(value)s)",
        price.impressions,
    )
    return said % {
        "impressions": wording.number(price.impressions),
        "value": wording.number(price.value),
    }


def _is_estimated(row: DueReading) -> bool:
    allowed = row.kind == Kind.PERIODIC and row.coverage.contract.estimation_allowed
    return allowed and row.reading_id is None and not row.told


def _price(found: Estimate, ahead: Ahead) -> Price:
    known = ahead.known
    end = metering.Reading(ahead.on, found.value, metering.Quality.ESTIMATED, known.segment)
    if known.billed:
        net = metering.net(known.billed[-1], end, known.history)
    else:
        net = metering.settle(end, billed=(), history=known.history).net
    return Price(ahead.on, found.value, net)
