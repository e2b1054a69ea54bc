"""No request is larger than the largest honest one: it is refused before a byte of it is read."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

MOST_BYTES = 100 * 1024 * 1024
"""A sheet without JavaScript carries its photos at once, ten or so from a telephone; with it each comes alone."""


class Bounded:
    """Middleware; what does not say how long it is is read as empty by everything below."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _length(request) > MOST_BYTES:
            return render(request, "413.html", status=413)
        return self._get_response(request)


def _length(request: HttpRequest) -> int:
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isascii() and said.isdigit() else 0
