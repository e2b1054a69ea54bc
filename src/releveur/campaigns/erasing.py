"""A person goes from the campaigns: she is asked no more, what was answered for her company stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from releveur.campaigns import links, locks, reminding
from releveur.campaigns.models import (
    Asked,
    Campaign,
    Handover,
    Invitation,
    Notice,
    Problem,
    Succession,
)
from releveur.customers.models import Contact, Customer

RUNNING = (Campaign.State.OPEN, Campaign.State.CLOSING)


@dataclass(frozen=True, slots=True)
class Erased:
    links: int
    successions: int
    handovers: int
    problems: int


def asked_now(contact: Contact) -> QuerySet[Campaign]:
    """The campaigns that ask something of her at present."""
    hers = Asked.objects.filter(
        invitation__contact=contact, invitation__campaign__state__in=RUNNING
    )
    return Campaign.objects.filter(pk__in=hers.values("invitation__campaign")).order_by("pk")


def people(address: str) -> list[tuple[str, str, str]]:
    """Every (first name, last name, no phone) that others named at an address."""
    named = Succession.objects.filter(email__iexact=address)
    return [(first, last, "") for first, last in named.values_list("first_name", "last_name")]


def known_to(contact: Contact) -> set[str]:
    """The addresses of those who were asked for the same companies: their mails may name her."""
    companies = Customer.objects.filter(
        sites__installations__due_readings__asked__invitation__contact=contact
    )
    others = Contact.objects.filter(
        invitations__asked__due_reading__installation__site__customer__in=companies
    )
    partners = Contact.objects.filter(
        Q(invitations__received__sender__contact=contact)
        | Q(invitations__handed_over__receiver__contact=contact)
        | Q(pk__in=Succession.objects.filter(invitation__contact=contact).values("successor"))
    )
    found = {*others.values_list("email", flat=True), *partners.values_list("email", flat=True)}
    return found - {"", contact.email}


def erase(address: str, *, contact: Contact | None, now: datetime) -> Erased:
    """Withhold what has not left, kill her links, blank her name where others wrote it.

    Whoever holds the transaction then marks her as wanting no mails: the office is told to call.
    """
    killed = _stop_asking(contact, now=now) if contact else 0
    named = Succession.objects.filter(Q(email__iexact=address) | Q(successor=contact or 0))
    handed = Handover.objects.filter(receiver__contact=contact or 0).exclude(named="")
    told = Problem.objects.filter(invitation__contact=contact or 0).exclude(words="")
    return Erased(
        killed,
        named.update(first_name="", last_name="", email=""),
        handed.update(named=""),
        told.update(words=""),
    )


def _stop_asking(contact: Contact, *, now: datetime) -> int:
    every = Invitation.objects.filter(contact=contact)
    campaigns = dict(every.values_list("pk", "campaign_id"))
    locks.share(set(campaigns.values()))
    hers = locks.hold_invitations(campaigns)
    reminding.withhold(Notice.objects.filter(invitation__in=hers), now=now)
    for invitation in hers:
        links.revoke(invitation)
    return len(hers)
