"""Each request gets a number and leaves one line: what was asked by the name of its page, never by its address."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from releveur import logs
from releveur.web import measuring

log = logging.getLogger("releveur.access")

HEADER = "X-Request-ID"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")

type Answer = Callable[[HttpRequest], HttpResponse]


def asked(answer: Answer) -> Answer:
    """The outermost middleware: number, duration, one line in the log."""

    def middleware(request: HttpRequest) -> HttpResponse:
        number = _number(request)
        token = logs.request_id.set(number)
        began = time.perf_counter()
        try:
            response = answer(request)
            seconds = time.perf_counter() - began
            response.headers[HEADER] = number
            _tell(request, response, seconds)
        finally:
            logs.request_id.reset(token)
        return response

    return middleware


def _number(request: HttpRequest) -> str:
    """The proxy's own, where it is believed and can be read; else one of ours."""
    given = request.headers.get(HEADER, "")
    if settings.TRUSTS_REQUEST_ID and _WELL_FORMED.fullmatch(given):
        return given
    return uuid4().hex


def _tell(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    match = request.resolver_match
    page = match.view_name if match and match.view_name else "-"
    route = match.route if match else "-"
    method = request.method if request.method in measuring.METHODS else "OTHER"
    measuring.answered(page, method=str(method), status=response.status_code, seconds=seconds)
    said = {
        "method": method, "route": route, "status": response.status_code,
        "ms": round(seconds * 1_000, 1),
    }  # fmt: skip
    log.info("%(method)s %(route)s %(status)d %(ms)s ms", said, extra=said)
