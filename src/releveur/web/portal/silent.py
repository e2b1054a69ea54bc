"""What the sheet says of silence: what we retain for each meter if no reading comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    whole = silence.prices(rows, known=sheet.known, now=sheet.now)
    beside = _beside(sheet, whole)
    return {pk: Silent(price, beside.get(pk)) for pk, price in whole.items()}


def _beside(sheet: Sheet, whole: Mapping[int, Price]) -> Mapping[int, Price]:
    """Of the meters that may be left while another of their device is typed, at the day of what is typed."""
    days = {
        cell.due.pk: answering.likely_day(row.place, now=sheet.now)
        for row in sheet.rows
        if len(row.cells) > 1 and not row.declared
        for cell in row.cells
        if cell.due.pk in whole
    }
    rows = [cell.due for row in sheet.rows for cell in row.cells if cell.due.pk in days]
    others = [row for row in rows if days[row.pk] != row.due_on]
    found = silence.prices(others, known=sheet.known, days=days, now=sheet.now)
    return {pk: found.get(pk, whole[pk]) for pk in days}
