"""What a person sent, with a number she can quote; and the photos she may see again."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from releveur import clock
from releveur.appointments import days
from releveur.campaigns import handed, undoing
from releveur.campaigns.models import DueReading, Invitation, Kind, Receipt, ReceiptLine
from releveur.readings import proofs
from releveur.readings.models import Proof
from releveur.web.portal import declaration
from releveur.web.portal.access import invited
from releveur.web.portal.sheet import masthead
from releveur.web.restraint import restrained

MOST_PHOTOS = 600
"""An hour: every photo is decoded and made anew."""


@require_safe
@invited
def receipt(request: HttpRequest, invitation: Invitation, number: str) -> HttpResponse:
    """One receipt of this invitation; another's does not exist here."""
    found = _of(invitation, number)
    asked = DueReading.objects.asked_of(invitation)
    lines = _lines(found)
    context = {
        "receipt": found,
        "lines": lines,
        "due": _ends(lines),
        "head": masthead(invitation, asked),
        "missing": asked.awaited().values("meter__device").distinct().count(),
        "hers": handed.passable(invitation).exists(),
        "undone": undoing.undone(found),
        "may_be_undone": undoing.may_be_undone(found, now=clock.now()),
    }
    return render(request, "portal/receipt.html", context)


@require_POST
@invited
@restrained("undo", most=300)
def undo(request: HttpRequest, invitation: Invitation, number: str) -> HttpResponse:
    """Take back what a receipt recorded; the second press finds it taken back."""
    found = _of(invitation, number)
    with contextlib.suppress(undoing.TooLate, undoing.NothingLeft):
        undoing.undo(found, by=invitation.contact, now=clock.now())
    return HttpResponseRedirect(reverse("portal:receipt", args=[number]), status=303)


@require_POST
@invited
@restrained("photo", most=MOST_PHOTOS, by_script=True)
def receive(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """A photo sent ahead of its form, by the script: it answers with the ticket the form carries."""
    photo = request.FILES.get("photo")
    if photo is None:
        return JsonResponse({"error": str(proofs.NotAPicture())}, status=422)
    try:
        ticket = declaration.keep_proof(proofs.store(photo), invitation)
    except proofs.Refused as refusal:
        return JsonResponse({"error": str(refusal)}, status=422)
    return JsonResponse({"proof": ticket})


@require_safe
@invited
def photo(request: HttpRequest, invitation: Invitation, proof: int) -> HttpResponse:
    """A photo of a reading that this invitation asked for."""
    asked = DueReading.objects.asked_of(invitation)
    found = get_object_or_404(
        Proof.objects.filter(
            readings__receipt_lines__due_reading__in=asked, erased=None
        ).distinct(),
        pk=proof,
    )
    response = HttpResponse(found.file.read(), content_type="image/jpeg")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Disposition"] = 'inline; filename="photo.jpg"'
    return response


def find(invitation: Invitation, number: str) -> Receipt | None:
    """This invitation's receipt of that number, which an address may say in any signs."""
    if not number.isprintable():
        return None
    receipts = Receipt.objects.select_related("by_contact", "invitation")
    return receipts.filter(invitation=invitation, number=number).first()


def _of(invitation: Invitation, number: str) -> Receipt:
    found = find(invitation, number)
    if found is None:
        raise Http404
    return found


def _ends(lines: Sequence[ReceiptLine]) -> list[str]:
    """The last days of the periods these values are of, in words; a one-off request has none."""
    rows = (line.due_reading for line in lines)
    return [
        days.in_words(day)
        for day in sorted({row.due_on for row in rows if row.kind == Kind.PERIODIC})
    ]


def _lines(found: Receipt) -> list[ReceiptLine]:
    lines = found.lines.select_related(
        "reading__supersedes",
        "due_reading__meter__kind",
        "due_reading__meter__device__model",
        "due_reading__installation__site__customer",
    )
    return list(
        lines.order_by("due_reading__meter__device__serial", "due_reading__meter__kind__position")
    )
