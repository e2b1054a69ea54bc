"""The dealer on every page: name, colour, phone."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from releveur.dealer.models import Dealer


def dealer(_request: HttpRequest) -> dict[str, object]:
    """Read once a page, when a template asks."""
    return {"dealer": SimpleLazyObject(Dealer.objects.here)}
