"""The spreadsheet of many devices: taken down, filled in, sent back."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from releveur import clock
from releveur.campaigns import handed
from releveur.campaigns.models import Invitation
from releveur.rules.schedule import PARIS
from releveur.web.portal import declaration, devices, returned, sending, sheet, workbook
from releveur.web.portal.access import invited
from releveur.web.portal.sheet import Sheet
from releveur.web.restraint import restrained

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_SPREADSHEETS = 60
"""An hour: each may hold five thousand lines."""


@require_safe
@invited
def download(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """The sheet as a workbook to fill in."""
    now = clock.now()
    drawn = sheet.draw(invitation, now=now)
    response = HttpResponse(workbook.as_xlsx(drawn), content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=_name(drawn, now)
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@invited
@restrained("spreadsheet", most=MOST_SPREADSHEETS)
def send(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Take the filled workbook; its numbers go the way of typed ones."""
    now = clock.now()
    drawn = sheet.draw(invitation, now=now)
    if request.method != "POST":
        return _page(request, drawn)
    file = request.FILES.get("spreadsheet")
    if file is None:
        return _page(request, drawn, problem=_("Choose the spreadsheet that you have filled in."))
    try:
        result = returned.read(file, drawn)
    except returned.Refused as refusal:
        return _page(request, drawn, problem=str(refusal))
    if not result.filled and not result.faults:
        return _page(request, drawn, problem=_nothing_new())
    sent = declaration.sent_of(declaration.nonce(request), drawn)
    recorded = sending.declare(invitation, drawn, sent, now=now, shown=bool(result.faults))
    return devices.after(request, recorded, faults=result.faults)


def _nothing_new() -> str:
    return _(
        "There is no new number in this spreadsheet. Save it after filling it in, then send it again."
    )


def _page(request: HttpRequest, drawn: Sheet, *, problem: str = "") -> HttpResponse:
    context = {
        "sheet": drawn,
        "head": drawn.head,
        "nonce_of_file": uuid4(),
        "problem": problem,
        "hers": handed.passable(drawn.head.invitation).exists(),
    }
    return render(request, "portal/spreadsheet.html", context, status=422 if problem else 200)


def _name(drawn: Sheet, now: datetime) -> str:
    """`releves-CL001007-2022-04-05.xlsx`; of several companies, the first one's code."""
    code = drawn.head.customers[0].code if drawn.head.customers else ""
    parts = [
        slugify(_("Readings")),
        re.sub(r"[^\w-]+", "-", code),
        f"{now.astimezone(PARIS):%Y-%m-%d}",
    ]
    return "-".join(part for part in parts if part) + ".xlsx"
