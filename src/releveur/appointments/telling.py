"""The mails of an appointment: to the person who is called, and to the dealer's technicians.

Each side reads one conversation. The dealer's mail is answered to the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.conf import settings
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import translation

from releveur.appointments import days, entry
from releveur.appointments.models import Appointment
from releveur.appointments.standing import stays
from releveur.customers.models import Contact, Customer
from releveur.dealer.models import Dealer
from releveur.fleet.models import Installation
from releveur.outbox import writing
from releveur.outbox.models import Mail

FOLDER = "appointments/mail"
TO_DEALER = "to_dealer"
PRIORITY = 10
"""As a receipt: she looks whether it arrived."""

MOST_DEVICES = 12
"""Devices named in the person's mail; the dealer's has them all."""


def asked(appointment: Appointment, *, before: Appointment | None, now: datetime) -> None:
    """It was asked for, or changed. Whoever is called no more learns it too.

    :param before: the appointment as it was, if it was asked for already
    """
    letter = Letter(appointment, Dealer.objects.here(), stays([appointment])[appointment.pk], now)
    another = before is not None and before.email.casefold() != appointment.email.casefold()
    if before and another:
        letter.no_longer(before).save()
    letter.asked(None if another else before, changed=before is not None).save()
    letter.to_dealer(before).save()


def cancelled(appointment: Appointment, *, now: datetime) -> None:
    """It is cancelled."""
    letter = Letter(appointment, Dealer.objects.here(), stays([appointment])[appointment.pk], now)
    letter.no_longer(appointment).save()
    letter.to_dealer(appointment).save()


def refused(appointments: Sequence[Appointment]) -> dict[int, list[str]]:
    """Per appointment, the mails that nobody got: to whom, and the server's words; one query."""
    mails = of_appointments(appointments).filter(state=Mail.State.FAILED).order_by("pk")
    found = list(mails.values_list("message_id", "to", "smtp_reply"))
    return {
        one.pk: [f"{to}: {reply}" for name, to, reply in found if name.startswith(_begins(one))]
        for one in appointments
    }


def told_the_dealer(customer: Customer, *, since: datetime) -> int:
    """How many mails about a company's appointments the dealer was owed since."""
    changed = Appointment.objects.filter(customer=customer, changed_at__gte=since)
    return of_appointments(changed).filter(kind=TO_DEALER, owed_at__gte=since).count()


def of_appointments(appointments: Iterable[Appointment]) -> QuerySet[Mail]:
    """Every mail of these appointments, to either side: their message ids begin alike."""
    theirs = [Q(message_id__startswith=_begins(one)) for one in appointments]
    return Mail.objects.filter(reduce(or_, theirs)) if theirs else Mail.objects.none()


def _copies(to: str) -> str:
    """Who gets a copy of each mail to this person, if we know her."""
    known = Contact.objects.filter(address_key=to.casefold())
    return known.values_list("copy_to", flat=True).first() or ""


def _begins(appointment: Appointment) -> str:
    return f"<{appointment.uuid.hex}."


@dataclass(frozen=True, slots=True)
class Letter:
    """What one event has to say to each side, as mails that are not owed yet."""

    appointment: Appointment
    dealer: Dealer
    where: Sequence[Installation]
    now: datetime

    def asked(self, before: Appointment | None, *, changed: bool) -> Mail:
        """To the person who is called; `before` is the appointment as she knows it."""
        with translation.override(self._language):
            calendar = self._entry(before)
            context = self._context(self.appointment) | {"changed": changed}
        return self._mail("asked", self.appointment.email, context, calendar)

    def no_longer(self, before: Appointment) -> Mail:
        """To the person as she was named before: it is cancelled, or somebody else is called."""
        with translation.override(self._language):
            calendar = ""
            if before.call_on:
                calendar = entry.cancel(self.appointment, to=before, dealer=self.dealer)
            context = self._context(before)
        context["instead"] = self.appointment.person if self.appointment.is_open else ""
        return self._mail("cancelled", before.email, context, calendar)

    def to_dealer(
        self, before: Appointment | None, *, language: str = settings.LANGUAGE_CODE
    ) -> Mail:
        """All the technician needs; an answer goes to the person."""
        with translation.override(language):
            context = self._context(self.appointment)
            context |= {"changed": before is not None, "machines": self.where, "more": 0}
            told = render_to_string("appointments/mail/facts.txt", context)
            calendar = entry.to_dealer(self.appointment, before, told, dealer=self.dealer)
        to = self.dealer.reply_to or self.dealer.sender_address
        mail = self._mail(TO_DEALER, to, context, calendar, language=language)
        mail.reply_to = self.appointment.email
        return mail

    def _entry(self, before: Appointment | None) -> str:
        """What the person's calendar is told: the day, or that it holds no more."""
        if self.appointment.call_on:
            return entry.request(self.appointment, dealer=self.dealer)
        if before and before.call_on:
            return entry.cancel(self.appointment, to=before, dealer=self.dealer)
        return ""

    def _context(self, told: Appointment) -> dict[str, object]:
        return {
            "appointment": told,
            "company": told.customer,
            "day": days.in_words(told.call_on) if told.call_on else "",
            "machines": self.where[:MOST_DEVICES],
            "more": max(0, len(self.where) - MOST_DEVICES),
            "link": f"{settings.SITE_URL}/releves/rendez-vous",
        }

    def _mail(
        self,
        name: str,
        to: str,
        context: Mapping[str, object],
        calendar: str,
        *,
        language: str = "",
    ) -> Mail:
        first = TO_DEALER if name == TO_DEALER else "asked"
        return writing.prepare(
            f"{FOLDER}/{name}",
            to=to,
            language=language or self._language,
            context=context,
            dealer=self.dealer,
            now=self.now,
            priority=PRIORITY,
            copy_to="" if name == TO_DEALER else _copies(to),
            calendar=calendar,
            message_id=self._id(name, self.appointment.sequence),
            in_reply_to=self._id(first, 0) if self.appointment.sequence else "",
        )

    def _id(self, name: str, sequence: int) -> str:
        domain = self.dealer.sender_address.rpartition("@")[2]
        return f"{_begins(self.appointment)}{sequence}.{name}@{domain}>"

    @property
    def _language(self) -> str:
        return self.appointment.by_contact.language
