"""Who may see what: a signed cookie names an invitation and the version of its link.

Nothing of it is kept in the database: revoking the link, or a newer mail once the campaign is
signed, ends every page it opened.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache

from releveur.campaigns import links
from releveur.campaigns.models import Invitation
from releveur.customers.models import Contact
from releveur.web import restraint

COOKIE = "__Host-releveur" if settings.CSRF_COOKIE_SECURE else "releveur"
LIFE = timedelta(days=90)
SALT = "releveur.web.portal"

type Page[**P] = Callable[Concatenate[HttpRequest, P], HttpResponse]
type InvitedPage[**P] = Callable[Concatenate[HttpRequest, Invitation, P], HttpResponse]


def grant(response: HttpResponse, invitation: Invitation) -> None:
    """Let this browser come back without the mail."""
    ticket = signing.dumps([invitation.pk, invitation.link_version], salt=SALT)
    response.set_cookie(
        COOKIE,
        ticket,
        max_age=LIFE,
        secure=settings.CSRF_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def invited[**P](page: InvitedPage[P]) -> Page[P]:
    """Give the page the invitation of this browser; without one, say where the link is."""

    @wraps(page)
    @never_cache
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            invitation = _invitation(request)
        except links.NewerMailSent as newer:
            speak(request, newer.contact)
            return render(request, "portal/newer_mail.html", status=410)
        except links.UnknownLink:
            return render(request, "portal/no_link.html", status=403)
        speak(request, invitation.contact)
        return page(request, invitation, *args, **kwargs)

    return wrapper


def linked(page: InvitedPage[[]]) -> Page[[str]]:
    """Give the page the invitation whose key stands in its address; another key says where the link is."""

    @wraps(page)
    @never_cache
    def wrapper(request: HttpRequest, /, key: str) -> HttpResponse:
        try:
            invitation = links.find(key)
        except links.UnknownLink:
            return restraint.guessed(request, render(request, "portal/no_link.html", status=404))
        except links.NewerMailSent as newer:
            speak(request, newer.contact)
            return render(request, "portal/newer_mail.html", status=410)
        speak(request, invitation.contact)
        return page(request, invitation)

    return wrapper


def known(request: HttpRequest) -> Contact | None:
    """Whose sheet this browser opened before, if its link still lives."""
    if COOKIE not in request.COOKIES:
        return None
    try:
        return _invitation(request).contact
    except (links.UnknownLink, links.NewerMailSent):
        return None


def speak(request: HttpRequest, contact: Contact) -> None:
    """Speak the person's language, unless this browser chose another."""
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        translation.activate(contact.language)
        request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE


def _invitation(request: HttpRequest) -> Invitation:
    try:
        pk, version = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LIFE)
    except signing.BadSignature:
        raise links.UnknownLink from None
    return links.alive(pk, version=version)
