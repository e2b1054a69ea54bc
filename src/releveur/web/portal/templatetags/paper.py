"""How numbers, days and the nature of a reading are written on the customer's pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django import template
from django.utils.translation import gettext as _

from releveur.appointments import days
from releveur.campaigns.letter import in_words
from releveur.readings import wording
from releveur.readings.models import Billed, Quality, Reading
from releveur.readings.wording import number
from releveur.rules.schedule import PARIS
from releveur.web.portal.sheet import Cell

register = template.Library()

USUAL_DIGITS = 8
"""Of the display of a device that we know nothing of."""


@register.filter
def digits(value: int | str) -> str:
    """« 39 684 »; what was typed and is no number stays as typed."""
    return number(int(value)) if str(value).isascii() and str(value).isdigit() else str(value)


@register.filter
def signed(value: int) -> str:
    """« + 1 516 »: a difference with its sign."""
    sign = "\u2212" if value < 0 else "+"
    return f"{sign}\u00a0{number(abs(value))}"


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
def nature(reading: Reading) -> str:
    """« réel – relevé client »: the quality always with its origin."""
    return f"{Quality(reading.quality).label} – {Reading.Source(reading.source).label}"


@register.filter
def origin(billed: Billed) -> str:
    """The nature of a billed index: with the origin of its reading, where it has one."""
    return nature(billed.reading) if billed.reading else str(Quality(billed.quality).label)


@register.filter
def of_kind(cells: Mapping[int, Cell], kind: int) -> Cell | None:
    """The cell of one kind of meter, if the device has it."""
    return cells.get(kind)


@register.filter
def boxes(cell: Cell) -> str:
    """An empty box per digit of the display: as many as it has, else eight; never fewer than it showed."""
    shown = len(str(cell.billed.value)) if cell.billed else 0
    return " " * max(cell.due.meter.digits or USUAL_DIGITS, shown)


@register.filter
def who(reading: Reading) -> str:
    """Who declared a value: a person's name, else where it comes from."""
    if reading.by_contact:
        return str(reading.by_contact)
    return str(Reading.Source(reading.source).label)


@register.simple_tag
def step(reading: Reading, billed: Billed | None) -> str:
    """The difference with the last billed value, in the same segment."""
    if billed is None or billed.segment != reading.segment:
        return _("first value")
    return signed(reading.value - billed.value)
