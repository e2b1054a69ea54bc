"""Somebody else reads the counters: a device or a site handed to a colleague, or a successor named."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from releveur import clock
from releveur.campaigns import handed, handing_over, succeeding
from releveur.campaigns.models import Campaign, Handover, Invitation
from releveur.customers.models import Site
from releveur.fleet.models import Device
from releveur.web.portal import language
from releveur.web.portal.access import invited, linked
from releveur.web.portal.beside import HANDED, TAKEN_BACK, is_number
from releveur.web.portal.person import REFUSALS, Person, typed
from releveur.web.portal.sheet import masthead
from releveur.web.restraint import restrained


@require_http_methods(["GET", "HEAD", "POST"])
@invited
@language.kept
@restrained("hand over", most=300)
def hand_over(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Ask who the colleague is; say what she will see, and that it can be taken back."""
    what = _what(request, invitation)
    if invitation.campaign.state != Campaign.State.OPEN:
        return _to_the_sheet()
    person = typed(request)
    if request.method == "POST":
        try:
            made = handing_over.hand_over(invitation, what, to=person.named, now=clock.now())
        except (handing_over.NotOpen, handing_over.NothingToHandOver):
            return _to_the_sheet()
        except REFUSALS as refusal:
            person.refuse(refusal)
        else:
            return _to_the_sheet(f"{HANDED}={made.pk}")
    return _form(request, invitation, what, person)


@require_POST
@invited
@restrained("hand over", most=300)
def take_back(request: HttpRequest, invitation: Invitation, handover: int) -> HttpResponse:
    """Take back what this person handed over; another's does not exist here."""
    hers = get_object_or_404(Handover, pk=handover, sender=invitation)
    handing_over.take_back(hers, now=clock.now())
    return _to_the_sheet(f"{TAKEN_BACK}={hers.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
@invited
@language.kept
@restrained("not me", most=60)
def not_me(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """« Ce n'est plus moi, c'est… », from the pages."""
    return _not_me(request, invitation, hers=handed.passable(invitation).exists())


@require_http_methods(["GET", "HEAD", "POST"])
@linked
@language.kept
@restrained("not me", most=60)
def not_me_by_mail(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """The same from a mail: looking changes nothing, and one step is enough."""
    return _not_me(request, invitation)


def _not_me(request: HttpRequest, invitation: Invitation, *, hers: bool = False) -> HttpResponse:
    """The form and its answer.

    :param hers: she is signed in, and may ask for more than this one step
    """
    person = typed(request)
    if request.method == "POST":
        try:
            succeeding.name_successor(invitation, named=person.named, now=clock.now())
        except REFUSALS as refusal:
            person.refuse(refusal)
        except succeeding.NotHers:
            return HttpResponseRedirect(request.path, status=303)
        else:
            return HttpResponseRedirect(request.path, status=303)
    context = {
        "head": masthead(invitation, handed.passable(invitation)),
        "succession": succeeding.latest(invitation),
        "senders": handed.senders(invitation),
        "person": person,
        "hers": hers,
    }
    return render(request, "portal/not_me.html", context, status=person.status)


def _form(
    request: HttpRequest, invitation: Invitation, what: Device | Site, person: Person
) -> HttpResponse:
    rows = handed.passable(invitation)
    there = rows.filter(handed.rows_of(what))
    context = {
        "head": masthead(invitation, rows),
        "device": what if isinstance(what, Device) else None,
        "site": what if isinstance(what, Site) else None,
        "count": there.values("meter__device").distinct().count(),
        "standing": handed.of(invitation, what),
        "person": person,
        "hers": True,
    }
    return render(request, "portal/hand_over.html", context, status=person.status)


def _what(request: HttpRequest, invitation: Invitation) -> Device | Site:
    """The device or the site that the address names, if something there is hers to hand over."""
    rows = handed.passable(invitation)
    device, site = request.GET.get("device", ""), request.GET.get("site", "")
    if is_number(device):
        devices = Device.objects.filter(meters__due_readings__in=rows).select_related("model")
        return get_object_or_404(devices.distinct(), pk=device)
    if is_number(site):
        sites = Site.objects.filter(installations__due_readings__in=rows)
        return get_object_or_404(sites.distinct(), pk=site)
    raise Http404


def _to_the_sheet(said: str = "") -> HttpResponse:
    address = reverse("portal:devices")
    return HttpResponseRedirect(f"{address}?{said}" if said else address, status=303)
