"""Where the red button leads: a page that only reads, since scanners of mails open links too."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from releveur.campaigns import links
from releveur.campaigns.models import DueReading
from releveur.dealer import branding
from releveur.web.portal import access
from releveur.web.portal.sheet import Masthead, masthead


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def enter(request: HttpRequest, key: str) -> HttpResponse:
    """Show whose devices wait and until when; a person presses « Continuer », a scanner does not."""
    try:
        invitation = links.find(key)
    except links.UnknownLink:
        return _private(render(request, "portal/no_link.html", status=404))
    except links.NewerMailSent as newer:
        access.speak(request, newer.contact)
        return _private(render(request, "portal/newer_mail.html", status=410))
    if request.method == "POST":
        response: HttpResponse = HttpResponseRedirect(reverse("portal:devices"), status=303)
        access.grant(response, invitation)
        return _private(response)
    access.speak(request, invitation.contact)
    rows = DueReading.objects.asked_of(invitation)
    context: dict[str, Masthead | int] = {
        "head": masthead(invitation, rows),
        "devices": rows.values("meter__device").distinct().count(),
    }
    return _private(render(request, "portal/enter.html", context))


@require_safe
@cache_control(public=True, max_age=3600)
def logo(request: HttpRequest) -> HttpResponse:
    """The dealer's logo."""
    content = branding.logo()
    if content is None:
        raise Http404
    return HttpResponse(content, content_type="image/png")


def _private(response: HttpResponse) -> HttpResponse:
    """No other site learns the address. (With `no-referrer`, browsers send the form with the origin
    `null`, and the protection against forged requests refuses it.)
    """
    response["Referrer-Policy"] = "same-origin"
    return response
