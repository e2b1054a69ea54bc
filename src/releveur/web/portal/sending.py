"""One form is sent: what was typed goes through the one door, and what it asks goes back into the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from releveur.campaigns import answering
from releveur.campaigns.answering import Outcome
from releveur.campaigns.models import DueReading, Invitation, Receipt
from releveur.readings.models import Reading
from releveur.web.portal import declaration, sheet
from releveur.web.portal.questions import ask
from releveur.web.portal.sheet import Row, Sheet

ASKS = 422
STANDS_OTHERWISE = 409


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a form: the sheet to show if it asks something, and the receipt of the rest.

    `already`: the receipt this very form got before, with other values.
    """

    sheet: Sheet
    code: int = 200
    receipt: Receipt | None = None
    already: Receipt | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to ask."""
        return self.code == 200


def send(
    request: HttpRequest, invitation: Invitation, *, now: datetime, device: int | None = None
) -> Sent:
    """Record what a form declares, of all devices or of one; good rows are recorded, others ask."""
    drawn = sheet.draw(invitation, now=now, device=device, shown=False)
    return declare(invitation, drawn, declaration.read(request, drawn), now=now, device=device)


def declare(
    invitation: Invitation,
    drawn: Sheet,
    sent: declaration.Sent,
    *,
    now: datetime,
    device: int | None = None,
    shown: bool = False,
) -> Sent:
    """Record what was read into a sheet, whatever it was read from.

    :param shown: the sheet is shown again even where nothing asks
    """
    try:
        outcome = _answer(invitation, sent, now)
    except answering.SentOtherwise as before:
        stands = sheet.draw(invitation, now=now, device=device)
        return Sent(stands, STANDS_OTHERWISE, already=before.receipt)
    except DueReading.DoesNotExist:
        # A device left while the form was on its way: the page as it is now.
        return Sent(sheet.draw(invitation, now=now, device=device), STANDS_OTHERWISE)
    ask(drawn, outcome.questions)
    if not drawn.asking and not shown:
        return Sent(drawn, receipt=outcome.receipt)
    fresh = _again(drawn, sheet.draw(invitation, now=now, device=device))
    return Sent(fresh, ASKS, receipt=outcome.receipt)


def _answer(invitation: Invitation, sent: declaration.Sent, now: datetime) -> Outcome:
    return answering.answer(
        answering.asked_of(invitation),
        sent.declared,
        by=invitation.contact,
        source=Reading.Source.CUSTOMER,
        now=now,
        nonce=sent.nonce,
        invitation=invitation,
        places=sent.places,
    )


def _again(sent: Sheet, fresh: Sheet) -> Sheet:
    """The sheet as it stands now, with the rows that ask as they were typed."""
    typed = {row.device.pk: row for row in sent.asking}
    for row in fresh.rows:
        if before := typed.get(row.device.pk):
            _keep(row, before)
    return fresh


def _keep(row: Row, before: Row) -> None:
    for cell, was in zip(row.cells, before.cells, strict=True):
        cell.typed, cell.error = was.typed, was.error
    row.taken_on, row.date_error = before.taken_on, before.date_error
    row.proof, row.photo_error = before.proof, before.photo_error
    row.confirmed, row.reason = before.confirmed, before.reason
    row.mend, row.keep, row.bounds = before.mend, before.keep, before.bounds
    row.question, row.told, row.taken = before.question, before.told, before.taken
