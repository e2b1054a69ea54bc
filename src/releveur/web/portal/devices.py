"""The page that matters most: every device asked, empty fields, one button."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from releveur import clock
from releveur.campaigns import answering
from releveur.campaigns.answering import Outcome
from releveur.campaigns.models import DueReading, Invitation, Receipt
from releveur.readings.models import Reading
from releveur.web.portal import declaration, sheet
from releveur.web.portal.access import invited
from releveur.web.portal.declaration import Sent
from releveur.web.portal.questions import ask
from releveur.web.portal.sheet import Row, Sheet


@require_http_methods(["GET", "HEAD", "POST"])
@invited
def devices(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Show the sheet; record what was sent, and ask in the rows what has to be asked."""
    now = clock.now()
    if request.method != "POST":
        return _page(request, sheet.draw(invitation, now=now))
    drawn = sheet.draw(invitation, now=now)
    return record(request, drawn, declaration.read(request, drawn), now=now)


def record(
    request: HttpRequest, drawn: Sheet, sent: Sent, *, now: datetime, faults: Sequence[str] = ()
) -> HttpResponse:
    """Record what can be; lead to the receipt, or show the sheet with what asks.

    :param faults: what is wrong with the file the sheet was filled from, beside its rows
    """
    invitation = drawn.head.invitation
    try:
        outcome = answering.answer(
            DueReading.objects.asked_of(invitation),
            sent.declared,
            by=invitation.contact,
            source=Reading.Source.CUSTOMER,
            now=now,
            nonce=sent.nonce,
            invitation=invitation,
        )
    except answering.SentOtherwise as before:
        stands = sheet.draw(invitation, now=now)
        return _page(request, stands, already=before.receipt, status=409)
    except DueReading.DoesNotExist:
        # A device left while the form was on its way: the page as it is now.
        return _page(request, sheet.draw(invitation, now=now), status=409)
    ask(drawn, outcome.questions)
    if not drawn.asking and not faults:
        return HttpResponseRedirect(_after(outcome), status=303)
    again = _again(invitation, drawn, now)
    return _page(request, again, receipt=outcome.receipt, faults=faults, status=422)


def _after(outcome: Outcome) -> str:
    if outcome.receipt is None:
        return reverse("portal:devices")
    return reverse("portal:receipt", args=[outcome.receipt.number])


def _again(invitation: Invitation, sent: Sheet, now: datetime) -> Sheet:
    """The sheet as it stands now, with the rows that ask as they were typed."""
    fresh = sheet.draw(invitation, now=now)
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
    row.question, row.sentences = before.question, before.sentences


def _page(
    request: HttpRequest,
    drawn: Sheet,
    *,
    receipt: Receipt | None = None,
    already: Receipt | None = None,
    faults: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    context = {
        "sheet": drawn,
        "head": drawn.head,
        "nonce": uuid4(),
        "nonce_of_file": uuid4(),
        "faults": faults,
        "receipt": receipt,
        "already": already,
    }
    return render(request, "portal/devices.html", context, status=status)
