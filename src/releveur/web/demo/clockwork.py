"""The three buttons of the demonstration: what happens next, the signature, the next period."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from releveur import clock
from releveur.campaigns import opening, signing
from releveur.ops.demo import living
from releveur.ops.demo.living import Lived
from releveur.web.demo.access import demonstrated


@require_POST
@demonstrated
def advance(request: HttpRequest) -> HttpResponse:
    """Live to the next thing that happens."""
    return _lived(request, lambda: living.advance(now=clock.now()))


@require_POST
@demonstrated
def next_period(request: HttpRequest) -> HttpResponse:
    """Live to the next due day, when the next campaign opens."""
    return _lived(request, lambda: living.next_period(now=clock.now()))


@require_POST
@demonstrated
def sign(request: HttpRequest) -> HttpResponse:
    """Sign as the dealer's office would; what nobody was asked for is estimated if it says so."""
    try:
        estimate = "estimate_unasked" in request.POST
        signed = living.sign(estimate_unasked=estimate, now=clock.now())
    except (signing.NotClosed, signing.EarlierUnsigned, signing.NeverAsked):
        return _back()
    return _back(signed=signed.lines)


def _lived(request: HttpRequest, live: Callable[[], Lived]) -> HttpResponse:
    """A button pressed twice moves once: the form names the instant it was shown at."""
    if request.POST.get("shown_at") != clock.now().isoformat():
        return _back()
    try:
        lived = live()
    except (living.NothingNext, opening.AlreadyClosed, clock.ClockRunsForward):
        return _back()
    ticked = lived.ticked
    return _back(
        answered=lived.answered, reminders=ticked.reminders, closed=ticked.closed,
        collected=lived.collected, sent=ticked.sent,
    )  # fmt: skip


def _back(**happened: int) -> HttpResponse:
    told = urlencode({name: count for name, count in happened.items() if count})
    address = reverse("demo:window") + (f"?{told}" if told else "")
    return HttpResponseRedirect(address, status=303)
