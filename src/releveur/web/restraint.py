"""Too often: a calm page that says when to come back, and whom to call meanwhile.

Who was let in is counted by her invitation or her person, never by the address of her network: a
whole company may share one. A network is counted only for what nobody honest does often, such as
trying keys that open nothing; and a key that opens is never refused for the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from releveur.campaigns.models import Invitation
from releveur.customers import restraining
from releveur.web.client import client_of

MOST_WRONG_KEYS = 60
"""An hour, of one network. A key has 128 bits: this saves work and keeps the log readable, no more."""

type InvitedPage[**P] = Callable[Concatenate[HttpRequest, Invitation, P], HttpResponse]


def restrained[**P](
    what: str, *, most: int, by_script: bool = False
) -> Callable[[InvitedPage[P]], InvitedPage[P]]:
    """Let an invitation send so many forms of a kind an hour; looking is not counted.

    :param by_script: the answer is read by our script, not by a person
    """

    def decorate(page: InvitedPage[P]) -> InvitedPage[P]:
        @wraps(page)
        def wrapper(
            request: HttpRequest, invitation: Invitation, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            if request.method == "POST":
                try:
                    restraining.count(what, str(invitation.pk), most=most)
                except restraining.TooOften as often:
                    return said(often) if by_script else later(request, after=often.after)
            return page(request, invitation, *args, **kwargs)

        return wrapper

    return decorate


def guessed(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """The answer to a key that opens nothing; sent too often from one network, it is not even that.

    Looking writes nothing: scanners of mails look.
    """
    if request.method != "POST":
        return answer
    try:
        restraining.count("wrong key", client_of(request), most=MOST_WRONG_KEYS)
    except restraining.TooOften as often:
        return later(request, after=often.after)
    return answer


def later(request: HttpRequest, *, after: timedelta) -> HttpResponse:
    """The page that says when."""
    minutes = math.ceil(after / timedelta(minutes=1))
    return told(render(request, "429.html", {"minutes": minutes}, status=429), after=after)


def said(often: restraining.TooOften) -> HttpResponse:
    """The same for our script."""
    error = _("Too much was sent in a short time. Try again later, or call us.")
    return told(JsonResponse({"error": error}, status=429), after=often.after)


def told(response: HttpResponse, *, after: timedelta) -> HttpResponse:
    """Say it to programs too."""
    response["Retry-After"] = str(max(1, math.ceil(after.total_seconds())))
    return response
