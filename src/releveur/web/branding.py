"""The dealer on every page: name, colour, phone."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from releveur.dealer.models import Dealer

_last_read: dict[str, Dealer] = {}


def dealer(_request: HttpRequest) -> dict[str, object]:
    """Read once a page, when a template asks."""
    return {"dealer": SimpleLazyObject(here)}


def here() -> Dealer:
    """The dealer; while the database does not answer, as this process read it last."""
    try:
        read = Dealer.objects.here()
    except DatabaseError:
        if known := remembered():
            return known
        raise
    _last_read["dealer"] = read
    return read


def remembered() -> Dealer | None:
    """The dealer as this process read it last; nothing is asked of the database."""
    return _last_read.get("dealer")
