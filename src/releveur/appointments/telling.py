"""The mails of an appointment: to the person who is called, and to the dealer's technicians.

Each side reads one conversation. The dealer's mail is answered to the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from releveur.appointments import days, entry
from releveur.appointments.models import Appointment
from releveur.appointments.standing import stays
from releveur.dealer.models import Dealer
from releveur.fleet.models import Installation
from releveur.outbox import writing

FOLDER = "appointments/mail"
PRIORITY = 10
"""As a receipt: she looks whether it arrived."""

MOST_DEVICES = 12
"""Devices named in the person's mail; the dealer's has them all."""


def asked(appointment: Appointment, *, before: Appointment | None, now: datetime) -> None:
    """It was asked for, or changed. Whoever is called no more learns it too.

    :param before: the appointment as it was, if it was asked for already
    """
    letter = _Letter(appointment, Dealer.objects.here(), stays([appointment])[appointment.pk], now)
    another = before is not None and before.email.casefold() != appointment.email.casefold()
    if before and another:
        letter.no_longer(before)
    letter.asked(None if another else before, changed=before is not None)
    letter.tell_dealer(before)


def cancelled(appointment: Appointment, *, now: datetime) -> None:
    """It is cancelled."""
    letter = _Letter(appointment, Dealer.objects.here(), stays([appointment])[appointment.pk], now)
    letter.no_longer(appointment)
    letter.tell_dealer(appointment)


@dataclass(frozen=True, slots=True)
class _Letter:
    """What one event has to say to each side."""

    appointment: Appointment
    dealer: Dealer
    where: Sequence[Installation]
    now: datetime

    def asked(self, before: Appointment | None, *, changed: bool) -> None:
        with translation.override(self._language):
            calendar = self._entry(before)
            context = self._context(self.appointment) | {"changed": changed}
        self._owe("asked", self.appointment.email, context, calendar)

    def no_longer(self, before: Appointment) -> None:
        """The person as she was named before is not called: it is cancelled, or somebody else is."""
        with translation.override(self._language):
            calendar = ""
            if before.call_on:
                calendar = entry.cancel(self.appointment, to=before, dealer=self.dealer)
            context = self._context(before)
        context["instead"] = self.appointment.person if self.appointment.is_open else ""
        self._owe("cancelled", before.email, context, calendar)

    def tell_dealer(self, before: Appointment | None) -> None:
        """All the technician needs; an answer goes to the person."""
        with translation.override(settings.LANGUAGE_CODE):
            context = self._context(self.appointment)
            context |= {"changed": before is not None, "machines": self.where, "more": 0}
            told = render_to_string("appointments/mail/facts.txt", context)
            calendar = entry.to_dealer(self.appointment, before, told, dealer=self.dealer)
        to = self.dealer.reply_to or self.dealer.sender_address
        self._owe("to_dealer", to, context, calendar)

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

    def _owe(self, name: str, to: str, context: Mapping[str, object], calendar: str) -> None:
        to_dealer = name == "to_dealer"
        mail = writing.prepare(
            f"{FOLDER}/{name}",
            to=to,
            language=settings.LANGUAGE_CODE if to_dealer else self._language,
            context=context,
            dealer=self.dealer,
            now=self.now,
            priority=PRIORITY,
            calendar=calendar,
            message_id=self._id(name, self.appointment.sequence),
            in_reply_to=self._id("to_dealer" if to_dealer else "asked", 0)
            if self.appointment.sequence
            else "",
        )
        if to_dealer:
            mail.reply_to = self.appointment.email
        mail.save()

    def _id(self, name: str, sequence: int) -> str:
        domain = self.dealer.sender_address.rpartition("@")[2]
        return f"<{self.appointment.uuid.hex}.{sequence}.{name}@{domain}>"

    @property
    def _language(self) -> str:
        return self.appointment.by_contact.language
