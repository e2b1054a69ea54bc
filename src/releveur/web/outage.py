"""While the database is away: a page that says so and when to come back, instead of an error."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from releveur.web import branding

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5

AWAY = ("08", "57P", "53")
"""SQLSTATE of lost connections, of a server that stops or starts, of one that has no more room."""


class Outage:
    """A middleware; what else goes wrong in the database stays an error of ours."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._answer(request)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        if not is_away(fault):
            return None
        log.warning("the database does not answer: %s", str(fault).strip().split("\n", 1)[0])
        known = {"dealer": branding.remembered()}
        response = render(request, "503.html", known, status=503)
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        response.headers["Cache-Control"] = "no-store"
        return response


def is_away(fault: BaseException) -> bool:
    """Whether this says that nobody is there, rather than that a question was wrong."""
    if not isinstance(fault, InterfaceError | OperationalError):
        return False
    state: str | None = getattr(fault.__cause__, "sqlstate", None)
    return state is None or state.startswith(AWAY)
