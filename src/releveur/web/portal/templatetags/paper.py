"""How numbers, days and the nature of a reading are written on the customer's pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from releveur.appointments import days
from releveur.campaigns.letter import in_words
from releveur.fleet.models import MeterKind
from releveur.readings import wording
from releveur.readings.wording import number
from releveur.rules.schedule import PARIS
from releveur.web.portal import shown as showing
from releveur.web.portal.beside import Beside
from releveur.web.portal.sheet import Cell, Row
from releveur.web.portal.shown import Field, Shown, nature, origin, signed, who
from releveur.web.portal.silent import Silents

register = template.Library()
for named in (nature, origin, signed, who):
    register.filter(named)

USUAL_DIGITS = 8
"""Of the display of a device that we know nothing of."""


@register.filter
def digits(value: int | str) -> str:
    """« 39 684 »; what was typed and is no number stays as typed."""
    return number(int(value)) if str(value).isascii() and str(value).isdigit() else str(value)


@register.filter
def day(value: date) -> str:
    return wording.day(value.astimezone(PARIS) if isinstance(value, datetime) else value)


@register.filter
def deadline(value: datetime) -> str:
    """« lundi 2 mai 2022 à 18 h », in Paris."""
    return in_words(value)


@register.filter
def whole_day(value: date) -> str:
    """« mardi 12 avril 2022 »."""
    return days.in_words(value)


@register.filter
def boxes(cell: Cell) -> str:
    """An empty box per digit of the display: as many as it has, else eight; never fewer than it showed."""
    shown = len(str(cell.billed.value)) if cell.billed else 0
    return " " * max(cell.due.meter.digits or USUAL_DIGITS, shown)


@register.simple_tag
def shown(
    row: Row, kinds: Sequence[MeterKind], colleagues: Beside | None, silents: Silents | None
) -> Shown:
    """What a row of the sheet shows."""
    return showing.row(row, kinds, colleagues or None, silents or {})


@register.simple_tag
def field(cell: Cell, row: Row, *, prefix: str) -> Field:
    """What a field shows on the page of its device."""
    return showing.field(cell, row, prefix=prefix)


@register.simple_tag
def silence(row: Row, silents: Silents | None, *, prefix: str) -> SafeString:
    """What the page of a device says of silence."""
    return showing.silence(row, silents or {}, prefix=prefix)


@register.simple_tag
def drawn_once(name: str, status: str = "") -> SafeString:
    """A part that shows the same to everybody who reads a language, but for a status."""
    return drawn(name, status, get_language())


@cache
def drawn(name: str, status: str, language: str | None) -> SafeString:
    """Drawn when somebody first sees it, and kept."""
    return SafeString(render_to_string(name, {"status": status}).strip())
