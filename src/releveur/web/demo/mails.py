"""One mail as its reader sees it, kept away from everything else by its own policy."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from releveur.ops.demo import mailbox
from releveur.web.demo.access import demonstrated

APART = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
"""A mail may dress itself and open a link in a window of its own; nothing more."""

IN_A_WINDOW_OF_ITS_OWN = '<base target="_blank">'
"""As mail programs do: the portal opens beside the mail."""


@require_safe
@xframe_options_sameorigin
@csp_override(APART)
@demonstrated
def html(request: HttpRequest, number: str) -> HttpResponse:
    """The HTML part of a mail."""
    mail = mailbox.find(number)
    if mail is None:
        raise Http404
    return HttpResponse(mail.html.replace("<head>", f"<head>{IN_A_WINDOW_OF_ITS_OWN}", 1))
