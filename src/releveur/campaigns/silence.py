"""The price of silence: what the close retains, in impressions, where nobody declares anything.

It is told calmly, and only where an estimate will really be made: of a periodic row that somebody is asked
for, whose contract allows it and whose device no problem was told of. A meter with neither a past nor an
expected volume has no number of its own: nothing is told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import ngettext

from releveur.campaigns.models import DueReading, Invitation, Kind, Notice
from releveur.dealer.models import Dealer
from releveur.readings import estimating, submission, wording
from releveur.readings.estimating import Kinship, ModelRates
from releveur.readings.models import Reading
from releveur.readings.submission import Facts
from releveur.rules import metering
from releveur.rules.estimation import Method

FROM_REMINDER_2 = (Notice.What.REMINDED_2, Notice.What.REMINDED_3, Notice.What.MOVED)
"""Of the mails that ask, those that come with the second reminder or after it."""

_OWN = (Method.YEAR, Method.MEAN, Method.EXPECTED)


@dataclass(frozen=True, slots=True)
class Price:
    """What would be retained for one meter: its counter on a day, and the impressions since it was last invoiced."""

    day: date
    value: int
    impressions: int


class _OwnPast(ModelRates):
    """Asks nothing of the other meters of a model: a page has no time for it, and a mail says the same."""

    def of(self, kinship: Kinship) -> None:
        return None


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


def prices(
    rows: Iterable[DueReading],
    *,
    known: Mapping[int, Facts] | None = None,
    days: Mapping[int, date] | None = None,
    now: datetime,
) -> dict[int, Price]:
    """What the close would retain for each of these rows that it would estimate, as things stand now.

    :param rows: all that is asked of somebody, with `told` known, device and contract loaded
    :param known: the past of their meters, where it is at hand; else it is read, in two queries
    :param days: the day it is estimated for, per row, where that is another than the close would take
    """
    every = list(rows)
    silent = [row for row in every if is_estimated(row)]
    if not silent:
        return {}
    read = days_read(every)
    unread = [
        estimating.unread(row.meter, on=(days or {}).get(row.pk) or day_of(row, read))
        for row in silent
    ]
    past = submission.facts([row.meter for row in silent]) if known is None else known
    foreseen = estimating.foresee(unread, rates=_OwnPast(), known=past, now=now)
    return {
        row.pk: _price(reading, past[row.meter_id])
        for row, reading in zip(silent, foreseen, strict=True)
        if (reading.explanation or {}).get("method") in _OWN
    }


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


def is_estimated(row: DueReading) -> bool:
    """Whether the close estimates this row if nothing comes."""
    allowed = row.kind == Kind.PERIODIC and row.coverage.contract.estimation_allowed
    return allowed and row.reading_id is None and not row.told


def days_read(rows: Iterable[DueReading]) -> dict[tuple[int, date], date]:
    """The day on which a meter of each device was read: the others are estimated for it."""
    return {(row.meter.device_id, row.due_on): row.answer.taken_on for row in rows if row.answer}


def day_of(row: DueReading, read: Mapping[tuple[int, date], date]) -> date:
    """The day that the close estimates a row for."""
    return read.get((row.meter.device_id, row.due_on), row.due_on)


def _price(reading: Reading, known: Facts) -> Price:
    end = metering.Reading(
        reading.taken_on, reading.value, metering.Quality.ESTIMATED, reading.segment
    )
    if known.billed:
        net = metering.net(known.billed[-1], end, known.history)
    else:
        net = metering.settle(end, billed=(), history=known.history).net
    return Price(reading.taken_on, reading.value, net)
