"""« Automatiser le relevé de vos compteurs »: one request a company, changed and cancelled at will."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from releveur import clock
from releveur.appointments import asking, entry
from releveur.appointments.models import OPEN, Appointment
from releveur.appointments.standing import stays
from releveur.campaigns.models import DueReading, Invitation
from releveur.dealer.models import Dealer
from releveur.fleet.models import Installation
from releveur.web.portal import language
from releveur.web.portal.access import invited
from releveur.web.portal.appointment_form import (
    TOO_MANY_TODAY,
    AppointmentForm,
    prefilled,
    typed,
)
from releveur.web.portal.places import Company, Place, companies
from releveur.web.portal.sheet import Masthead
from releveur.web.restraint import restrained

CHOOSE = "choose"
"""What the address says of the page where a place is chosen."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An open appointment as the page confirms it; `place` is empty where she may not see its site."""

    appointment: Appointment
    stays: Sequence[Installation]
    place: str


@require_http_methods(["GET", "HEAD", "POST"])
@invited
@language.kept
@restrained("appointment", most=60)
def ask(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Choose a place where there are several, then the form; what is open already stands in it."""
    hers = companies(invitation)
    if not hers and DueReading.objects.asked_of(invitation).exists():
        return redirect("portal:devices")
    if not hers:
        return render(request, "portal/appointment_none.html", {"head": Masthead(invitation, [])})
    open_ones = {one.customer_id: one for one in _open(hers)}
    chosen = _chosen(request, hers, open_ones)
    if chosen is None:
        return _choose(request, invitation, hers, open_ones)
    company, place = chosen
    open_one, now = open_ones.get(company.customer.pk), clock.now()
    said = typed(request.POST) if request.POST else prefilled(place, open_one, invitation.contact)
    sent = request.POST if request.method == "POST" else None
    form = AppointmentForm(place, typed=sent, said=said, now=now)
    if form.is_valid():
        try:
            return _ask(form, company, invitation, now)
        except asking.TooManyToday:
            form.add_error(None, TOO_MANY_TODAY)
    context = {
        "form": form,
        "place": place,
        "open": open_one,
        "head": _head(invitation, hers),
        "several": sum(len(one.places) for one in hers) > 1,
    }
    status = 422 if form.is_bound else 200
    return render(request, "portal/appointment.html", context, status=status)


@require_safe
@invited
def asked(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """What happens next; after the last one was cancelled, that it is."""
    hers = companies(invitation)
    open_ones = list(_open(hers).select_related("customer", "site"))
    last = _of(hers).exclude(cancelled_at=None).order_by("-cancelled_at").first()
    if not (open_ones or last):
        return redirect("portal:appointment")
    context = {"shown": _shown(hers, open_ones), "head": _head(invitation, hers)}
    return render(request, "portal/appointment_asked.html", context)


@require_POST
@invited
@restrained("appointment", most=60)
def cancel(request: HttpRequest, invitation: Invitation, appointment: int) -> HttpResponse:
    """Cancel one of hers; pressed twice, it is cancelled once."""
    one = get_object_or_404(_of(companies(invitation)), pk=appointment)
    with suppress(asking.NotOpen):
        asking.cancel(one, now=clock.now())
    return HttpResponse(status=303, headers={"Location": reverse("portal:appointment_asked")})


@require_safe
@invited
def calendar(request: HttpRequest, invitation: Invitation, appointment: int) -> HttpResponse:
    """The day as a file for her calendar."""
    dated = _open(companies(invitation)).exclude(call_on=None)
    one = get_object_or_404(dated, pk=appointment)
    with translation.override(invitation.contact.language):
        content = entry.publish(one, dealer=Dealer.objects.here())
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="rendez-vous.ics"'
    return response


def _shown(hers: Sequence[Company], open_ones: Sequence[Appointment]) -> list[Shown]:
    """Each with those of its devices that are asked of this person, and the place to change it at."""
    where, mine = stays(open_ones), {device for one in hers for device in one.devices}
    codes = {
        (place.customer.pk, place.site): place.code for company in hers for place in company.places
    }
    return [
        Shown(
            appointment=one,
            stays=[stay for stay in where[one.pk] if stay.device_id in mine],
            place=codes.get((one.customer_id, one.site), ""),
        )
        for one in open_ones
    ]


def _ask(
    form: AppointmentForm, company: Company, invitation: Invitation, now: datetime
) -> HttpResponse:
    asking.ask(
        company.customer,
        form.wanted(),
        by=invitation.contact,
        choice=company.devices,
        now=now,
    )
    return HttpResponse(status=303, headers={"Location": reverse("portal:appointment_asked")})


def _choose(
    request: HttpRequest,
    invitation: Invitation,
    hers: Sequence[Company],
    open_ones: dict[int, Appointment],
) -> HttpResponse:
    picked = request.POST.get("place", "")
    if picked and request.method == "POST":
        address = f"{reverse('portal:appointment')}?{urlencode({'place': picked})}"
        return HttpResponse(status=303, headers={"Location": address})
    groups = [(company, open_ones.get(company.customer.pk)) for company in hers]
    picked = picked or hers[0].places[0].code
    context = {"groups": groups, "picked": picked, "head": _head(invitation, hers)}
    return render(request, "portal/appointment_place.html", context)


def _chosen(
    request: HttpRequest, hers: Sequence[Company], open_ones: dict[int, Appointment]
) -> tuple[Company, Place] | None:
    """The place she chose; without a word the only one, or the one that was asked for already."""
    places = {place.code: (company, place) for company in hers for place in company.places}
    choosing = CHOOSE in request.GET
    code = (request.POST or request.GET).get("place")
    if code and not choosing:
        if code not in places:
            raise Http404
        return places[code]
    if len(places) == 1:
        return next(iter(places.values()))
    standing = open_ones.get(hers[0].customer.pk) if len(hers) == 1 else None
    if standing is None or choosing:
        return None
    return next((one for one in places.values() if one[1].site == standing.site), None)


def _open(hers: Sequence[Company]) -> QuerySet[Appointment]:
    return _of(hers).filter(OPEN).order_by("-changed_at", "-pk")


def _of(hers: Sequence[Company]) -> QuerySet[Appointment]:
    """All there ever was of her companies; another's does not exist here."""
    return Appointment.objects.filter(customer__in=[one.customer for one in hers])


def _head(invitation: Invitation, hers: Sequence[Company]) -> Masthead:
    return Masthead(invitation, [one.customer for one in hers])
