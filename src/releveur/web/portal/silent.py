"""What the sheet says of silence: what we retain for each meter if no reading comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from releveur.campaigns import answering, silence
from releveur.campaigns.silence import Price
from releveur.dealer.models import Dealer
from releveur.web.portal.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Silent:
    """One meter: what is retained as things stand, and if another of its device is read on the day of the form."""

    price: Price
    beside: Price | None = None


type Silents = Mapping[int, Silent]
"""Per due reading; nothing of a meter that is settled, or of which nothing is told."""


def draw(sheet: Sheet, dealer: Dealer) -> Silents:
    """What is told on this sheet by now; nothing is asked of the database."""
    head = sheet.head
    if not head.is_open or not silence.is_told(dealer, head.invitation, now=sheet.now):
        return {}
    for row in sheet.rows:
        for cell in row.cells:
            cell.due.told = row.problem is not None
    rows = [cell.due for row in sheet.rows for cell in row.cells]
    those = silence.silent(rows)
    days = _days(sheet)
    beside = [(row, days[row.pk]) for row, _due in those if row.pk in days]
    found = silence.at([*those, *beside], known=sheet.known)
    besides = dict(zip([row.pk for row, _day in beside], found[len(those) :], strict=True))
    return {
        row.pk: Silent(price, besides.get(row.pk))
        for (row, _day), price in zip(those, found, strict=False)
        if price
    }


def _days(sheet: Sheet) -> Mapping[int, date]:
    """Of the meters that may be left while another of their device is typed: the day of what is typed."""
    return {
        cell.due.pk: answering.likely_day(row.place, now=sheet.now)
        for row in sheet.rows
        if len(row.cells) > 1 and not row.declared
        for cell in row.cells
    }
