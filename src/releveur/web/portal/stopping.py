"""« Ne plus recevoir ces messages »: a page that says what it means, and a way back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from releveur import clock
from releveur.campaigns import letter, links, opting_out
from releveur.campaigns.models import Invitation
from releveur.web import restraint
from releveur.web.portal import access

AGAIN = "again"
"""What the form says of a person who changed her mind."""


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def stop(request: HttpRequest, key: str) -> HttpResponse:
    """Say what it means to get no more mails; a person presses the button, a scanner does not."""
    try:
        invitation = links.whose(key)
    except links.UnknownLink:
        return restraint.guessed(request, render(request, "portal/no_link.html", status=404))
    access.speak(request, invitation.contact)
    return _stop(request, invitation, key)


@restraint.restrained("stop", most=60)
def _stop(request: HttpRequest, invitation: Invitation, key: str) -> HttpResponse:
    if request.method == "POST":
        wish = opting_out.resume if AGAIN in request.POST else opting_out.stop
        wish(invitation, now=clock.now())
        return HttpResponseRedirect(reverse("portal:stop", args=[key]), status=303)
    return render(request, "portal/stop.html", _context(invitation))


def _context(invitation: Invitation) -> dict[str, object]:
    rows = letter.asked_rows([invitation.pk]).get(invitation.pk, [])
    return {
        "person": invitation.contact,
        "companies": letter.companies(rows),
        "again": AGAIN,
        "forbidden": any(not row.coverage.contract.estimation_allowed for row in rows),
    }
