"""The pages that every site owes its readers."""

from __future__ import annotations

from datetime import UTC, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from releveur import clock
from releveur.dealer.models import Dealer

KEPT_TRUE_FOR = timedelta(days=90)
"""A file that is made when it is asked for need not promise itself for longer."""


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """How usable the pages are for everybody, and whom to tell what is not."""
    return render(request, "portal/accessibility.html")


@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    """Who publishes the site, and who hosts it."""
    return render(request, "portal/legal.html")


@require_safe
def personal_data(request: HttpRequest) -> HttpResponse:
    """What is kept of a person, what for, and how to have it corrected."""
    return render(request, "portal/personal_data.html")


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a weakness (RFC 9116)."""
    mailbox = Dealer.objects.here().reply_to
    contact = settings.SECURITY_CONTACT or (f"mailto:{mailbox}" if mailbox else "")
    if not contact:
        raise Http404
    midnight = clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = {
        "Contact": contact,
        "Expires": f"{midnight + KEPT_TRUE_FOR:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages": "fr, en",
        "Canonical": f"{settings.SITE_URL}/.well-known/security.txt",
    }
    said = "".join(f"{name}: {value}\n" for name, value in lines.items())
    return HttpResponse(said, content_type="text/plain; charset=utf-8")
