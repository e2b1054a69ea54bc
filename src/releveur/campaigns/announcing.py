"""Before a dealer's first campaign: who will write, from which address, and that it is no trap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from releveur import turns
from releveur.campaigns import due, letter
from releveur.campaigns.letter import Context
from releveur.campaigns.models import Announcement, Invitation
from releveur.customers.models import Contact, Customer
from releveur.dealer.models import Dealer
from releveur.fleet import answering_for
from releveur.fleet.models import Device
from releveur.outbox import writing
from releveur.outbox.models import Mail
from releveur.turns import Turn

FOLDER = "campaigns/mail/announcement"


@dataclass(frozen=True, slots=True)
class Announced:
    """Who is told now, who knows already, and who has an address no mail can be sent to."""

    told: Sequence[Contact]
    known: int
    impossible: Sequence[Contact]


@transaction.atomic
def announce(due_until: date, *, now: datetime, only: Collection[str] | None = None) -> Announced:
    """Owe one mail to every person whom an opening up to this day would ask for the first time.

    Who got one, or was ever invited, knows us; run again it tells nobody twice.

    :param only: customer codes or serials; None means everybody
    """
    turns.wait(Turn.ANNOUNCING)
    asked = _to_ask(due_until, only=only)
    knowing = _knowing(asked)
    dealer = Dealer.objects.here()
    mails: list[tuple[Contact, Mail]] = []
    impossible: list[Contact] = []
    for contact in Contact.objects.filter(pk__in=asked.keys() - knowing).order_by("pk"):
        try:
            mails.append((contact, prepare(contact, asked[contact.pk], dealer=dealer, now=now)))
        except ValidationError:
            impossible.append(contact)
    Mail.objects.bulk_create([mail for _contact, mail in mails])
    Announcement.objects.bulk_create(
        [Announcement(contact=contact, mail=mail, made_at=now) for contact, mail in mails]
    )
    return Announced([contact for contact, _mail in mails], len(knowing), impossible)


def prepare(
    contact: Contact, companies: Sequence[Customer], *, dealer: Dealer, now: datetime
) -> Mail:
    """The mail to one person, unsaved.

    :raises ValidationError: nobody can be written to at this address
    """
    said = _said(contact, companies)
    mail = writing.prepare(
        FOLDER, to=contact.email, language=contact.language, context=said, dealer=dealer, now=now
    )
    mail.subject = letter.fitting(mail.subject, said)
    return mail


def _said(contact: Contact, companies: Sequence[Customer]) -> Context:
    return {
        "first_name": contact.first_name,
        "company": letter.named_in_mails(companies[0]),
        "several_companies": len(companies) > 1,
        "company_count": len(companies),
    }


def _to_ask(due_until: date, *, only: Collection[str] | None) -> Mapping[int, list[Customer]]:
    """Whom an opening would ask, and for which companies."""
    stays = {
        one.installation.pk: one.installation
        for one in due.picture(due_until, only=only).due
        if one.meter.asked and one.meter.device.mode == Device.Mode.ASKED
    }
    found: dict[int, dict[int, Customer]] = defaultdict(dict)
    for pk, people in answering_for.contacts(stays.values()).items():
        customer = stays[pk].site.customer
        for contact in people:
            found[contact][customer.pk] = customer
    return {contact: list(companies.values()) for contact, companies in found.items()}


def _knowing(contacts: Collection[int]) -> set[int]:
    people = list(contacts)
    told = Announcement.objects.filter(contact__in=people).values_list("contact_id", flat=True)
    invited = Invitation.objects.filter(contact__in=people).values_list("contact_id", flat=True)
    return {*told, *invited}
