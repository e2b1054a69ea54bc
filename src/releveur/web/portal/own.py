"""All that is a person's: her invitations, and what was read of the devices she answers for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from releveur.campaigns import handed, letter, links
from releveur.campaigns.models import Campaign, DueReading, Invitation
from releveur.customers.models import Contact
from releveur.fleet import answering_for
from releveur.fleet.models import Installation, Respondent
from releveur.readings.models import Reading
from releveur.web.portal import access, history
from releveur.web.portal.session import logged_in

MOST_INVITATIONS = 24
APPOINTMENT = "appointment"
"""What the form says that leads past the sheet to the appointment."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One invitation: for whom, of when, and what is still missing."""

    invitation: Invitation
    companies: Sequence[str]
    devices: int
    missing: int
    is_open: bool
    opens: bool


@dataclass(frozen=True, slots=True)
class Stay:
    """A device where it stands, with its readings there, the newest first."""

    installation: Installation
    readings: Sequence[Reading]


@require_safe
@logged_in
def own(request: HttpRequest, person: Contact) -> HttpResponse:
    """Open invitations first, then past ones, then the readings of her devices."""
    asked = _asked(person)
    context = {
        "person": person,
        "open": [one for one in asked if one.is_open and one.devices],
        "past": [one for one in asked if not one.is_open],
        "stays": _stays(person),
        "hers": _hers(asked),
        "appointment": APPOINTMENT,
    }
    return render(request, "portal/own.html", context)


@require_POST
@logged_in
def enter(request: HttpRequest, person: Contact, invitation: int) -> HttpResponse:
    """Open a sheet of hers, as the red button of its mail would."""
    hers = get_object_or_404(Invitation, pk=invitation, contact=person)
    try:
        opened = links.alive(hers.pk, version=hers.link_version)
    except links.NewerMailSent:
        return redirect("portal:own")
    further = APPOINTMENT in request.POST
    response: HttpResponse = redirect("portal:appointment" if further else "portal:devices")
    response.status_code = 303
    access.grant(response, opened)
    return response


def _asked(person: Contact) -> list[Asked]:
    hers = Invitation.objects.filter(contact=person).select_related("campaign").order_by("-pk")
    invitations = list(hers[:MOST_INVITATIONS])
    rows = letter.asked_rows([one.pk for one in invitations])
    newest = invitations[0].campaign_id if invitations else None
    return [_one(one, rows.get(one.pk, []), newest=newest) for one in invitations]


def _hers(asked: Sequence[Asked]) -> Invitation | None:
    """The latest that asks her in her own right: from there she may ask for an appointment."""
    opening = (one.invitation for one in asked if one.opens)
    return next((one for one in opening if handed.passable(one).exists()), None)


def _one(invitation: Invitation, rows: Sequence[DueReading], *, newest: int | None) -> Asked:
    signed = invitation.campaign.state == Campaign.State.SIGNED
    missing = {row.meter.device_id for row in letter.missing(rows)}
    companies = {str(row.installation.site.customer.name): None for row in rows}
    return Asked(
        invitation=invitation,
        companies=list(companies),
        devices=len({row.meter.device_id for row in rows}),
        missing=len(missing),
        is_open=invitation.campaign.state == Campaign.State.OPEN,
        opens=bool(rows) and (not signed or invitation.campaign_id == newest),
    )


def _stays(person: Contact) -> list[Stay]:
    """Where she is among those who answer, as an invitation would choose; in three queries."""
    near = Respondent.objects.filter(contact=person).filter(
        Q(device=OuterRef("device"))
        | Q(site=OuterRef("site"))
        | Q(customer=OuterRef("site__customer"))
    )
    candidates = list(
        Installation.objects.filter(Exists(near))
        .select_related("device__model", "site__customer")
        .order_by("site__customer__code", "site_id", "device__serial", "since")
    )
    people = answering_for.contacts(candidates, as_seen_by=person)
    hers = [stay for stay in candidates if person.pk in people[stay.pk]]
    readings = history.readings({stay.device_id for stay in hers})
    stays = [Stay(stay, history.there(stay, readings[stay.device_id])) for stay in hers]
    return [stay for stay in stays if stay.readings]
