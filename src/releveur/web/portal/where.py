"""« Où trouver le compteur » : of one device by its model, and of any."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from releveur import clock
from releveur.campaigns import handed
from releveur.campaigns.models import Invitation
from releveur.fleet import showing
from releveur.fleet.models import MeterKind
from releveur.readings.wording import in_french
from releveur.web.portal import sheet
from releveur.web.portal.access import invited


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the device's screen, and the field it is typed into."""

    label: str
    kind: MeterKind


@require_safe
def anywhere(request: HttpRequest) -> HttpResponse:
    """Where a device shows its counters, whatever its maker."""
    return render(request, "portal/where.html")


@require_safe
@invited
def of_device(request: HttpRequest, invitation: Invitation, device: int) -> HttpResponse:
    """Where this device shows them; the general page for a model nobody described."""
    drawn = sheet.draw(invitation, now=clock.now(), device=device)
    if not drawn.rows:
        raise Http404
    [row] = drawn.rows
    guide = showing.guide_of(row.device.model)
    language = "fr" if in_french() else "en"
    context = {
        "head": drawn.head,
        "row": row,
        "hers": handed.passable(invitation).exists(),
        "steps": guide.steps[language] if guide else [],
        "screen": [
            Shown(label, cell.kind)
            for cell in row.cells
            if guide and (label := guide.label(cell.kind.code, language))
        ],
    }
    return render(request, "portal/where_of.html", context)
