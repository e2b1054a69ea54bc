"""Where the red button leads: a page that only reads, since scanners of mails open links too."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from releveur.campaigns import handed, succeeding
from releveur.campaigns.models import DueReading, Invitation
from releveur.dealer import branding
from releveur.web.portal import access
from releveur.web.portal.sheet import masthead


@require_http_methods(["GET", "HEAD", "POST"])
@access.linked
def enter(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Show whose devices wait and until when; a person presses « Continuer », a scanner does not."""
    if request.method == "POST":
        response: HttpResponse = HttpResponseRedirect(reverse("portal:devices"), status=303)
        access.grant(response, invitation)
        return response
    rows = DueReading.objects.asked_of(invitation)
    context = {
        "head": masthead(invitation, rows),
        "devices": rows.values("meter__device").distinct().count(),
        "senders": [str(contact) for contact in handed.senders(invitation)],
        "succession": succeeding.latest(invitation),
    }
    return render(request, "portal/enter.html", context)


@require_safe
@cache_control(public=True, max_age=3600)
def logo(request: HttpRequest) -> HttpResponse:
    """The dealer's logo."""
    content = branding.logo()
    if content is None:
        raise Http404
    return HttpResponse(content, content_type="image/png")
