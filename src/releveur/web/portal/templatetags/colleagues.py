"""What the sheet shows of colleagues, row by row; nothing where the page knows of none."""

from __future__ import annotations

from django import template

from releveur.campaigns.models import Handover, Succession
from releveur.web.portal.beside import Beside
from releveur.web.portal.sheet import Group, Row

register = template.Library()


@register.filter
def given(beside: object, row: Row) -> Handover | None:
    """To whom this row was handed."""
    if not isinstance(beside, Beside):
        return None
    found = [beside.given[cell.due.pk] for cell in row.cells if cell.due.pk in beside.given]
    return found[-1] if found else None


@register.filter
def named(succession: Succession) -> str:
    """Whom a person named in her place."""
    return f"{succession.first_name} {succession.last_name}".strip()


@register.filter
def may_hand(beside: object, row: Row) -> bool:
    """Whether this device may be handed over: asked of her in her own right, and still missing."""
    if not isinstance(beside, Beside) or not beside.is_open or row.problem:
        return False
    return any(cell.due.answer is None and cell.due.pk not in beside.received for cell in row.cells)


@register.filter
def may_hand_site(beside: object, group: Group) -> bool:
    """The same of a site; a single device is handed over in its row."""
    return len(group.rows) > 1 and any(may_hand(beside, row) for row in group.rows)
