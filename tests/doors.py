"""A small town of visitors, and every thing of one customer that the others might ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from releveur import clock
from releveur.appointments.models import Appointment
from releveur.campaigns import handing_over, links
from releveur.campaigns.models import Campaign, DueReading, Handover, Invitation, Receipt
from releveur.contracts.models import Coverage
from releveur.customers import login
from releveur.customers.introducing import Named
from releveur.customers.models import Customer
from releveur.fleet.models import Device, Installation
from releveur.outbox import keys
from releveur.readings import proofs
from releveur.readings.models import Finding
from releveur.web.portal import access, session
from tests.factories import (
    OPENED,
    READ_ON,
    a_campaign,
    a_contact,
    a_contract,
    a_customer,
    a_dealer,
    a_device,
    a_site,
    answers,
    the_mails_leave,
)
from tests.web.visiting import a_photo, a_visitor, fields

VISITORS = ("nobody", "wrong", "revoked", "old", "other", "former", "colleague", "hers")
UNKNOWN = "AAAAAAAAAAAAAAAAAAAAAA"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody with a browser, and the key that stands in her mail."""

    browser: Client
    key: str


@dataclass(frozen=True, slots=True)
class Town:
    visitors: dict[str, Visitor]
    arguments: dict[str, Any]
    """What addresses name, by the name of the argument; all of it is hers, and hers alone."""

    bodies: dict[str, dict[str, Any]]
    """Forms that do something where they are let in."""


def a_town() -> Town:
    """The device asked for was a former customer's; a colleague was given another one."""
    clock.set(OPENED)
    a_dealer()
    old = _old()
    hers, colleague, other, former = _people()
    the_mails_leave(now=OPENED)
    device = Device.objects.get(serial="MOVED")
    proof = proofs.store(a_photo())
    reason = Finding.Answer.OTHER
    answers(hers, device, mono=100, color=100, now=OPENED, proof=proof, reason=reason)
    visitors = {
        "nobody": Visitor(Client(), UNKNOWN),
        "wrong": Visitor(_with_forged_cookies(), "x"),
        "revoked": _revoked(),
        "old": old,
        "other": _inside(other),
        "former": _inside(former),
        "colleague": _inside(colleague),
        "hers": _inside(hers),
    }
    the_appointment = _an_appointment(visitors["hers"].browser)
    handover = Handover.objects.get(sender=hers)
    arguments = {
        "device": device.pk,
        "number": Receipt.objects.get(invitation=hers).number,
        "proof": proof.pk,
        "handover": handover.pk,
        "appointment": the_appointment.pk,
        "invitation": hers.pk,
    }
    return Town(visitors, arguments, _bodies(device))


def _people() -> tuple[Invitation, Invitation, Invitation, Invitation]:
    """Each with an invitation of one campaign."""
    customers = {}
    for number, name in enumerate(("hers", "other", "former", "revoked")):
        customers[name] = a_customer(code=f"CL{number}", name=f"{name} SA")
        a_contact(customers[name], email=f"{name}@{name}.example", first_name=name)
        a_device(customers[name], serial=f"OF-{name}", site=a_site(customers[name]))
    _moved(customers["former"], customers["hers"])
    campaign = a_campaign()
    found = {one.contact.first_name: one for one in campaign.invitations.all()}
    shared = Device.objects.get(serial="OF-hers")
    karim = Named("karim@hers.example", "Karim", "Benali")
    colleague = handing_over.hand_over(found["hers"], shared, to=karim, now=OPENED).receiver
    return found["hers"], colleague, found["other"], found["former"]


def _moved(former: Customer, hers: Customer) -> None:
    device = a_device(former, serial="MOVED", site=a_site(former))
    Installation.objects.filter(device=device).update(until=READ_ON)
    Coverage.objects.filter(device=device).update(until=READ_ON)
    Installation.objects.create(device=device, site=a_site(hers), since=READ_ON)
    Coverage.objects.create(contract=a_contract(hers), device=device, since=READ_ON)


def _inside(invitation: Invitation) -> Visitor:
    """She pressed the red button, and came in by a code too."""
    browser = a_visitor(invitation)
    session.begin(answer := HttpResponse(), invitation.contact)
    for name, cookie in answer.cookies.items():
        if cookie.value:
            browser.cookies[name] = cookie.value
    return Visitor(browser, _key(invitation))


def _revoked() -> Visitor:
    """Her link and her session were ended after she had come in."""
    before = Invitation.objects.get(contact__first_name="revoked")
    visitor = _inside(before)
    links.revoke(before)
    login.revoke(before.contact)
    return visitor


def _old() -> Visitor:
    """What she was asked in March is invoiced; in April she is asked again."""
    a_contact(customer := a_customer(code="CL9", name="old SA"), email="old@old.example")
    monthly = a_contract(customer, months=1, first_due_on=date(2022, 2, 5))
    a_device(customer, site=a_site(customer), contract=monthly)
    march = a_campaign(due_until=date(2022, 3, 5), now=OPENED.replace(month=3))
    visitor = _inside(march.invitations.get())
    Campaign.objects.update(state="SIGNED", signed_at=OPENED, signed_by="Mme Roy")
    return visitor


def _with_forged_cookies() -> Client:
    browser = Client()
    for name in (access.COOKIE, session.PERSON, session.BROWSER):
        browser.cookies[name] = "WzEsMV0:1nbGsv:forged"
    return browser


def _key(invitation: Invitation) -> str:
    return keys.make(invitation.uuid, invitation.link_version)


def _an_appointment(browser: Client) -> Appointment:
    page = browser.get("/releves/rendez-vous")
    browser.post("/releves/rendez-vous", _appointment(page))
    return Appointment.objects.get()


def _appointment(page: Any) -> dict[str, Any]:
    return fields(page) | {"last_name": "Morel", "call_on": "2022-04-12"}


def _bodies(device: Device) -> dict[str, dict[str, Any]]:
    value = DueReading.objects.filter(meter__device=device)[0].pk
    person = {"email": "new@hers.example", "first_name": "New", "last_name": "Name"}
    return {
        "portal:devices": {f"value-{value}": "50000", "on": "2022-04-05"},
        "portal:device": {f"value-{value}": "50000", "on": "2022-04-05"},
        "portal:question": {f"value-{value}": "50000", "on": "2022-04-05"},
        "portal:problem": {"what": "GONE"},
        "portal:hand_over": person,
        "portal:not_me": person,
        "portal:not_me_by_mail": person,
        "portal:login": {"address": "hers@hers.example"},
        "portal:language": {"language": "en"},
    }


def every_door() -> list[tuple[str, str, tuple[str, ...]]]:
    """Name, address with places for what it names, and those places' names, from the resolver."""
    return list(_below(get_resolver(), "", ""))


def _below(
    resolver: URLResolver, space: str, start: str
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for one in resolver.url_patterns:
        here = f"{start}{one.pattern}"
        if isinstance(one, URLPattern):
            yield f"{space}{one.name}", f"/{here}", tuple(one.pattern.converters)
        else:
            within = f"{space}{one.namespace}:" if one.namespace else space
            yield from _below(one, within, here)
