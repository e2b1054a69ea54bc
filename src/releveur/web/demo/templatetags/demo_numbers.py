"""Numbers of the shop window, as its reader writes them."""

from __future__ import annotations

from django import template

from releveur.readings.wording import number

register = template.Library()


@register.filter
def grouped(value: int) -> str:
    """« 39 684 », a minus where there is one."""
    return f"\u2212\u00a0{number(-value)}" if value < 0 else number(value)


@register.filter
def with_sign(value: int) -> str:
    """« + 348 », « − 348 », « 0 »."""
    return f"+\u00a0{number(value)}" if value > 0 else grouped(value)
