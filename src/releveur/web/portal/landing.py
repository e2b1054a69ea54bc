"""Where the red button leads: a page that only reads, since scanners of mails open links too."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from releveur.campaigns import handed, succeeding
from releveur.campaigns.models import DueReading, Invitation
from releveur.customers.models import Customer
from releveur.dealer import branding
from releveur.kept import Given, Kept
from releveur.web.portal import access
from releveur.web.portal.sheet import Masthead

CUSTOMER = "installation__site__customer"


@require_http_methods(["GET", "HEAD", "POST"])
@access.linked
def enter(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Show whose devices wait and until when; a person presses « Continuer », a scanner does not."""
    if request.method == "POST":
        response: HttpResponse = HttpResponseRedirect(reverse("portal:devices"), status=303)
        access.grant(response, invitation)
        return response
    return render(request, "portal/enter.html", _context(invitation))


def _context(invitation: Invitation) -> dict[str, object]:
    """Scanners ask for this page by the thousand: one query for all that is asked."""
    rows = _ASKED.ask(invitation=invitation.pk)
    customers = {pk: Customer(pk=pk, code=code, name=name) for *_row, pk, code, name in rows}
    is_handed = any(handover for _device, handover, *_customer in rows)
    return {
        "head": Masthead(invitation, list(customers.values())),
        "devices": len({device for device, *_rest in rows}),
        "senders": [str(one) for one in handed.senders(invitation)] if is_handed else [],
        "succession": succeeding.latest(invitation),
    }


_ASKED = Kept(
    lambda: (
        DueReading.objects.asked_of(Given("invitation"))
        .values_list(
            "meter__device",
            "asked__handover",
            *(f"{CUSTOMER}__{name}" for name in ("pk", "code", "name")),
        )
        .order_by(f"{CUSTOMER}__code")
    )
)


@require_safe
@cache_control(public=True, max_age=3600)
def logo(request: HttpRequest) -> HttpResponse:
    """The dealer's logo."""
    content = branding.logo()
    if content is None:
        raise Http404
    return HttpResponse(content, content_type="image/png")
