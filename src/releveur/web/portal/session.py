"""Two more cookies: the secret of a browser that waits for a code, and who came in with one.

The first only joins a code to the browser that asked for it. The second names a person and the
version of her sessions for twelve hours; it shows what is hers and opens her sheets.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from releveur.customers import login
from releveur.customers.models import Contact
from releveur.web.portal.access import COOKIE, Page, speak

BROWSER = f"{COOKIE}-browser"
PERSON = f"{COOKIE}-person"
LIFE = timedelta(hours=12)
SALT = "releveur.web.portal.session"

type PersonsPage[**P] = Callable[Concatenate[HttpRequest, Contact, P], HttpResponse]


def browser_of(request: HttpRequest) -> str:
    """The secret this browser keeps, or an empty one that no code is joined to."""
    try:
        return str(_signed(request, BROWSER, login.LIFE))
    except signing.BadSignature:
        return ""


def a_browser() -> str:
    """A secret for a browser that asks for a code."""
    return secrets.token_urlsafe(24)


def bind(response: HttpResponse, browser: str) -> None:
    """Let this browser keep its secret as long as a code lives."""
    _keep(response, BROWSER, browser, login.LIFE)


def begin(response: HttpResponse, contact: Contact) -> None:
    """She came in: twelve hours, in this browser; its code is used."""
    _keep(response, PERSON, [contact.pk, contact.session_version], LIFE)
    response.delete_cookie(BROWSER, samesite="Lax")


def end(response: HttpResponse) -> None:
    """She left this browser."""
    response.delete_cookie(PERSON, samesite="Lax")


def logged_in[**P](page: PersonsPage[P]) -> Page[P]:
    """Give the page the person of this browser; without one, ask for her address."""

    @wraps(page)
    @never_cache
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            contact, version = _signed(request, PERSON, LIFE)
            person = login.alive(contact, version=version)
        except (signing.BadSignature, login.LoggedOut):
            return redirect("portal:login")
        speak(request, person)
        return page(request, person, *args, **kwargs)

    return wrapper


def _signed(request: HttpRequest, cookie: str, life: timedelta) -> Any:
    return signing.loads(request.COOKIES.get(cookie, ""), salt=f"{SALT}.{cookie}", max_age=life)


def _keep(response: HttpResponse, cookie: str, value: object, life: timedelta) -> None:
    response.set_cookie(
        cookie,
        signing.dumps(value, salt=f"{SALT}.{cookie}"),
        max_age=life,
        secure=settings.CSRF_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
