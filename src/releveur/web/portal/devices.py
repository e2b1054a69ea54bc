"""The page that matters most: every device asked, empty fields, one button; and each device alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from releveur import clock
from releveur.campaigns import answering, handed
from releveur.campaigns.models import DueReading, Invitation, Receipt
from releveur.kept import Given, Kept
from releveur.web import branding
from releveur.web.portal import (
    beside,
    declaration,
    history,
    language,
    questions,
    receipts,
    sending,
    sheet,
    silent,
)
from releveur.web.portal.access import invited
from releveur.web.portal.sheet import Sheet
from releveur.web.restraint import restrained

MOST_FORMS = 1_200
"""An hour: a fleet sent device by device, one every three seconds."""

MOST_QUESTIONS = 2_400
"""An hour: the script asks once for each row that looks strange, and once more for each answer."""


@require_http_methods(["GET", "HEAD", "POST"])
@invited
@language.kept
@restrained("readings", most=MOST_FORMS)
def devices(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Show the sheet; record what was sent, and ask in the rows what has to be asked."""
    now = clock.now()
    if request.method == "POST":
        return after(request, sending.send(request, invitation, now=now))
    number = request.GET.get("recu", "")
    receipt = receipts.find(invitation, number) if number else None
    return _sheet(request, _typed(request, invitation, now), receipt=receipt)


def after(request: HttpRequest, sent: sending.Sent, *, faults: Sequence[str] = ()) -> HttpResponse:
    """Lead to the receipt, or show the sheet with what asks.

    :param faults: what is wrong with the file the sheet was filled from, beside its rows
    """
    if sent.is_done:
        return HttpResponseRedirect(_after(sent), status=303)
    told = {"receipt": sent.receipt, "already": sent.already}
    return _sheet(request, sent.sheet, **told, faults=faults, status=sent.code)


@require_http_methods(["GET", "HEAD", "POST"])
@invited
@language.kept
@restrained("readings", most=MOST_FORMS)
def device(request: HttpRequest, invitation: Invitation, device: int) -> HttpResponse:
    """One device with its history: the window of « Saisir », and a page without JavaScript."""
    now = clock.now()
    if request.method != "POST":
        return _device(request, _typed(request, invitation, now, device))
    sent = sending.send(request, invitation, now=now, device=device)
    if not sent.sheet.rows:
        raise Http404
    if sent.is_done:
        number = f"?recu={sent.receipt.number}" if sent.receipt else ""
        address = f"{reverse('portal:devices')}{number}#device-{device}"
        return HttpResponseRedirect(address, status=303)
    return _device(request, sent.sheet, already=sent.already, status=sent.code)


@require_POST
@invited
@restrained("questions", most=MOST_QUESTIONS)
def question(request: HttpRequest, invitation: Invitation, device: int) -> HttpResponse:
    """What the row of a device asks as it is typed now, for the script: nothing is recorded."""
    now = clock.now()
    drawn = sheet.draw(invitation, now=now, shown=False)
    row = next((row for row in drawn.rows if row.device.pk == device), None)
    if row is None:
        raise Http404
    sent = declaration.read(request, drawn)
    rows = DueReading.objects.asked_of(invitation)
    found = answering.questions(
        rows, sent.declared, invitation=invitation, places=sent.places, now=now
    )
    questions.ask(drawn, found)
    if row.question is None:
        return HttpResponse()
    return render(request, "portal/question.html", {"row": row})


def _after(sent: sending.Sent) -> str:
    if sent.receipt is None:
        return reverse("portal:devices")
    return reverse("portal:receipt", args=[sent.receipt.number])


def _typed(
    request: HttpRequest, invitation: Invitation, now: datetime, device: int | None = None
) -> Sheet:
    """The sheet with what was typed and asked, if another language was chosen; nothing is recorded."""
    drawn = sheet.draw(invitation, now=now, device=device)
    if request.POST:
        asked = declaration.keep(request, drawn)
        rows = DueReading.objects.asked_of(invitation)
        found = answering.questions(rows, asked, invitation=invitation, now=now) if asked else {}
        questions.ask(drawn, found)
    return drawn


def _last_nonce(invitation: Invitation) -> str:
    """Of the last form that was recorded: the browser's draft of it is done with."""
    return str(_NONCES.first(invitation=invitation.pk) or "")


_NONCES = Kept(
    lambda: (
        Receipt.objects.filter(invitation=Given("invitation"))
        .order_by("-pk")
        .values_list("nonce", flat=True)[:1]
    )
)


def _sheet(
    request: HttpRequest,
    drawn: Sheet,
    *,
    receipt: Receipt | None = None,
    already: Receipt | None = None,
    faults: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    colleagues = beside.draw(request, drawn.head.invitation)
    if colleagues.is_succeeded and not drawn.rows:
        return HttpResponseRedirect(reverse("portal:not_me"), status=303)
    context = {
        **_told(drawn),
        "nonce": uuid4(),
        "nonce_of_file": uuid4(),
        "faults": faults,
        "on": request.POST.get("on") or drawn.today,
        "receipt": receipt,
        "already": already,
        "recorded": _last_nonce(drawn.head.invitation),
        "colleagues": colleagues,
        "hers": any(
            cell.due.pk not in colleagues.received for row in drawn.rows for cell in row.cells
        ),
    }
    return render(request, "portal/devices.html", context, status=status)


def _told(drawn: Sheet) -> dict[str, object]:
    """The sheet with what its dealer lets us say of silence; the dealer is read once a page."""
    dealer = branding.here()
    return {
        "sheet": drawn,
        "head": drawn.head,
        "dealer": dealer,
        "silents": silent.draw(drawn, dealer),
    }


def _device(
    request: HttpRequest, drawn: Sheet, *, already: Receipt | None = None, status: int = 200
) -> HttpResponse:
    if not drawn.rows:
        raise Http404
    [row] = drawn.rows
    context = {
        **_told(drawn),
        "row": row,
        "past": history.past(row.place.installation),
        "nonce": uuid4(),
        "already": already,
        "hers": handed.passable(drawn.head.invitation).exists(),
    }
    return render(request, "portal/device.html", context, status=status)
