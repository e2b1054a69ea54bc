"""Somebody else reads the counters: a device or a site handed to a colleague, or a successor named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from releveur import clock
from releveur.campaigns import handing_over, succeeding
from releveur.campaigns.models import Campaign, Handover, Invitation, Succession
from releveur.customers import introducing
from releveur.customers.introducing import Named
from releveur.customers.models import Site
from releveur.fleet.models import Device
from releveur.web.portal.access import invited, linked
from releveur.web.portal.sheet import masthead

HANDED, TAKEN_BACK = "transmis", "repris"
"""What the sheet's address says after the one and the other."""

REFUSALS = (
    introducing.NoName,
    introducing.NoAddress,
    introducing.NoMoreMails,
    handing_over.ToHerself,
    handing_over.AskedAlready,
    handing_over.TooMany,
)


@dataclass(frozen=True, slots=True)
class Beside:
    """Who else answers, as the sheet shows it, by row; and what was just done about it."""

    given: Mapping[int, Handover]
    received: Mapping[int, Handover]
    is_open: bool
    succession: Succession | None
    handed: Handover | None = None
    taken_back: Handover | None = None

    @property
    def is_succeeded(self) -> bool:
        """Whether somebody answers in her place already."""
        return self.succession is not None and self.succession.successor_id is not None

    @property
    def senders(self) -> list[str]:
        """The colleagues who handed something to this person."""
        found = {one.sender_id: str(one.sender.contact) for one in self.received.values()}
        return list(found.values())


@dataclass(slots=True)
class Person:
    """The fields of somebody named here, as typed, with what is wrong with them."""

    email: str = ""
    first_name: str = ""
    last_name: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def named(self) -> Named:
        return Named(self.email, self.first_name, self.last_name)

    def refuse(self, refusal: Exception) -> None:
        """Say it beside its field."""
        name = refusal.field if isinstance(refusal, introducing.NoName) else "email"
        typed = getattr(self, name)
        self.errors[name] = _sentence(refusal, typed=typed)


def beside(request: HttpRequest, invitation: Invitation) -> Beside:
    """For the sheet; two queries, and one more right after something was handed or taken back."""
    around = handing_over.around(invitation)
    return Beside(
        given={row: one for row, one in around if one.sender_id == invitation.pk},
        received={row: one for row, one in around if one.receiver_id == invitation.pk},
        is_open=invitation.campaign.state == Campaign.State.OPEN,
        succession=succeeding.latest(invitation),
        handed=_just(request, HANDED, invitation),
        taken_back=_just(request, TAKEN_BACK, invitation),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@invited
def hand_over(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Ask who the colleague is; say what she will see, and that it can be taken back."""
    what = _what(request, invitation)
    if invitation.campaign.state != Campaign.State.OPEN:
        return _to_the_sheet()
    person = _typed(request)
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
def take_back(request: HttpRequest, invitation: Invitation, handover: int) -> HttpResponse:
    """Take back what this person handed over; another's does not exist here."""
    hers = get_object_or_404(Handover, pk=handover, sender=invitation)
    handing_over.take_back(hers, now=clock.now())
    return _to_the_sheet(f"{TAKEN_BACK}={hers.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
@invited
def not_me(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """« Ce n'est plus moi, c'est… », from the pages."""
    return _not_me(request, invitation)


@require_http_methods(["GET", "HEAD", "POST"])
@linked
def not_me_by_mail(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """The same from a mail: looking changes nothing, and one step is enough."""
    return _not_me(request, invitation)


def _not_me(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    person = _typed(request)
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
        "head": masthead(invitation, handing_over.passable(invitation)),
        "succession": succeeding.latest(invitation),
        "senders": handing_over.senders(invitation),
        "person": person,
    }
    return render(request, "portal/not_me.html", context, status=_status(person))


def _form(
    request: HttpRequest, invitation: Invitation, what: Device | Site, person: Person
) -> HttpResponse:
    rows = handing_over.passable(invitation)
    there = (
        rows.filter(meter__device=what)
        if isinstance(what, Device)
        else rows.filter(installation__site=what)
    )
    context = {
        "head": masthead(invitation, rows),
        "device": what if isinstance(what, Device) else None,
        "site": what if isinstance(what, Site) else None,
        "count": there.values("meter__device").distinct().count(),
        "standing": handing_over.of(invitation, what),
        "person": person,
    }
    return render(request, "portal/hand_over.html", context, status=_status(person))


def _what(request: HttpRequest, invitation: Invitation) -> Device | Site:
    """The device or the site that the address names, if something there is hers to hand over."""
    rows = handing_over.passable(invitation)
    device, site = request.GET.get("device", ""), request.GET.get("site", "")
    if _is_number(device):
        devices = Device.objects.filter(meters__due_readings__in=rows).select_related("model")
        return get_object_or_404(devices.distinct(), pk=device)
    if _is_number(site):
        sites = Site.objects.filter(installations__due_readings__in=rows)
        return get_object_or_404(sites.distinct(), pk=site)
    raise Http404


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _typed(request: HttpRequest) -> Person:
    email, first, last = (
        request.POST.get(name, "") for name in ("email", "first_name", "last_name")
    )
    return Person(email, first, last)


def _status(person: Person) -> int:
    return 422 if person.errors else 200


def _to_the_sheet(said: str = "") -> HttpResponse:
    address = reverse("portal:devices")
    return HttpResponseRedirect(f"{address}?{said}" if said else address, status=303)


def _just(request: HttpRequest, what: str, invitation: Invitation) -> Handover | None:
    number = request.GET.get(what, "")
    if not _is_number(number):
        return None
    return Handover.objects.filter(pk=number, sender=invitation).first()


def _sentence(refusal: Exception, *, typed: str) -> str:
    match refusal:
        case introducing.NoName() if typed.strip():
            return _("Type a name as it is written, with letters only.")
        case introducing.NoName():
            return _("Type the first name: our mail greets this person by it.")
        case handing_over.ToHerself():
            return _("This is your own address. Type the other person's.")
        case handing_over.AskedAlready():
            return _("This person has been asked for this already: there is nothing to hand over.")
        case handing_over.TooMany():
            return _("You have handed over as much as is possible at once. Call us for more.")
        case introducing.NoMoreMails():
            return _("This person wants no mails from us. Name somebody else, or call us.")
    return _("This is not an e-mail address. Write it like name@company.com.")
