"""Something failed on our side: a page that needs nothing, and says whom to call if that is known."""

from __future__ import annotations

import sys

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string

from releveur.dealer.models import Dealer
from releveur.web import branding


def server_error(_request: HttpRequest) -> HttpResponseServerError:
    """The page of what nobody caught."""
    return HttpResponseServerError(render_to_string("500.html", {"dealer": _dealer()}))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page of what does not exist; unlike Django's own it does not read what was sent there."""
    return render(request, "404.html", status=404)


def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponseBadRequest:
    """The page of what is too much, or no request at all."""
    return HttpResponseBadRequest(render_to_string("400.html", {"dealer": _dealer()}))


def _dealer() -> Dealer | None:
    if isinstance(sys.exception(), DatabaseError):
        return branding.remembered()
    try:
        return branding.here()
    except DatabaseError:
        return None
