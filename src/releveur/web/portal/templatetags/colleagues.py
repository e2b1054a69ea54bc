"""What the sheet shows of colleagues; nothing where the page knows of none."""

from __future__ import annotations

from django import template

from releveur.campaigns.models import Succession
from releveur.web.portal.beside import Beside
from releveur.web.portal.sheet import Group

register = template.Library()


@register.filter
def named(succession: Succession) -> str:
    """Whom a person named in her place."""
    return f"{succession.first_name} {succession.last_name}".strip()


@register.filter
def may_hand_site(beside: object, group: Group) -> bool:
    """Whether a site may be handed over; a single device is in its row."""
    if not isinstance(beside, Beside) or len(group.rows) < 2:
        return False
    return any(beside.may_hand(row) for row in group.rows)
