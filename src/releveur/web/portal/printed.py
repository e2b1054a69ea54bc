"""The sheet of paper for whoever walks to the devices with a pencil."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from releveur import clock
from releveur.campaigns.models import Invitation
from releveur.fleet import showing
from releveur.readings.wording import in_french
from releveur.web.portal import sheet
from releveur.web.portal.access import invited
from releveur.web.portal.sheet import Sheet


@require_safe
@invited
def printed(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """The sheet in the order of the walk, a box per digit; the browser prints it."""
    drawn = sheet.draw(invitation, now=clock.now())
    context = {"sheet": drawn, "head": drawn.head, "models": _models_explained(drawn)}
    return render(request, "portal/printed.html", context)


def _models_explained(drawn: Sheet) -> list[tuple[str, str]]:
    """The models of which we know where they show their counters, and the way there."""
    language = "fr" if in_french() else "en"
    models = {row.device.model_id: row.device.model for row in drawn.rows}
    guides = {str(model): showing.guide_of(model) for model in models.values()}
    ways = {name: " ".join(guide.steps[language]) for name, guide in guides.items() if guide}
    return sorted(ways.items())
