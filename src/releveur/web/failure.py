"""Something failed on our side: a page that needs nothing, and says whom to call if that is known."""

from __future__ import annotations

import sys

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseServerError
from django.template.loader import render_to_string

from releveur.dealer.models import Dealer
from releveur.web import branding


def server_error(_request: HttpRequest) -> HttpResponseServerError:
    """The page of what nobody caught."""
    return HttpResponseServerError(render_to_string("500.html", {"dealer": _dealer()}))


def _dealer() -> Dealer | None:
    if isinstance(sys.exception(), DatabaseError):
        return branding.remembered()
    try:
        return branding.here()
    except DatabaseError:
        return None
