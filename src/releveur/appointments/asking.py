"""A company asks to be called, changes its mind about when and by whom, or cancels it.

One appointment per company is open at a time, whoever asks; the company's row is held meanwhile, so
that two clicks, or two colleagues, make one. The mails are owed in the same transaction.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from copy import copy
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time

from django.db import transaction

from releveur.appointments import days, telling
from releveur.appointments.models import Appointment
from releveur.customers.models import Contact, Customer, Site
from releveur.dealer import closures
from releveur.fleet.models import Device
from releveur.rules.schedule import PARIS

MOST_A_DAY = 6
"""Mails to the dealer about one company, whoever of it asks: nobody fills his mailbox by changing her mind."""


class NotOfThisCompany(Exception):
    """A site or a device that stands at another company."""


class CannotCallThen(Exception):
    """Nobody calls on that day."""

    def __init__(self, fault: days.Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class TooManyToday(Exception):
    """The company has asked and changed its mind often enough for a day; it may still cancel."""


class NotOpen(Exception):
    """It was cancelled or settled already."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form says."""

    address: str
    postal_code: str
    town: str
    first_name: str
    last_name: str
    email: str
    devices: frozenset[int]
    site: Site | None = None
    phone: str = ""
    network_name: str = ""
    network_phone: str = ""
    network_email: str = ""
    call_on: date | None = None
    words: str = ""


_COLUMNS = [one.name for one in fields(Wanted) if one.name != "devices"]


@transaction.atomic
def ask(
    customer: Customer,
    wanted: Wanted,
    *,
    by: Contact,
    choice: AbstractSet[int] = frozenset(),
    now: datetime,
) -> Appointment:
    """Ask for an appointment, or change the one that is open; saying the same again changes nothing.

    :param choice: the devices this person could choose among; others of the open appointment stay
    :raises NotOfThisCompany: a site or a device of another company
    :raises CannotCallThen: nobody calls on the day she gives
    :raises TooManyToday: the dealer has had `MOST_A_DAY` mails about this company today
    """
    _check(customer, wanted, now)
    _hold(customer)
    appointment = Appointment.objects.open().filter(customer=customer).first()
    before = copy(appointment)
    if appointment:
        stood = standing(appointment)
        wanted = replace(wanted, devices=wanted.devices | (stood.devices - choice))
        if wanted == stood:
            return appointment
    if telling.told_the_dealer(customer, since=_midnight(now)) >= MOST_A_DAY:
        raise TooManyToday
    appointment = _written(appointment or Appointment(customer=customer), wanted, by=by, now=now)
    telling.asked(appointment, before=before, now=now)
    return appointment


@transaction.atomic
def cancel(appointment: Appointment, *, now: datetime) -> Appointment:
    """Cancel an open appointment, and tell both sides.

    :raises NotOpen: there is nothing to cancel any more
    """
    _hold(appointment.customer)
    still = Appointment.objects.open().filter(pk=appointment.pk).first()
    if still is None:
        raise NotOpen
    still.sequence += 1
    still.cancelled_at = still.changed_at = now
    still.save(update_fields=["sequence", "cancelled_at", "changed_at"])
    telling.cancelled(still, now=now)
    return still


def standing(appointment: Appointment) -> Wanted:
    """What an appointment says, as the form would say it."""
    said = {name: getattr(appointment, name) for name in _COLUMNS}
    return Wanted(**said, devices=frozenset(appointment.devices.values_list("pk", flat=True)))


def _check(customer: Customer, wanted: Wanted, now: datetime) -> None:
    """:raises NotOfThisCompany, CannotCallThen:"""
    hers = Device.objects.filter(pk__in=wanted.devices, installations__site__customer=customer)
    if set(hers.values_list("pk", flat=True)) != wanted.devices:
        raise NotOfThisCompany
    if wanted.site and wanted.site.customer_id != customer.pk:
        raise NotOfThisCompany
    if wanted.call_on:
        fault = days.fault(wanted.call_on, closures=closures.closed_days(), now=now)
        if fault:
            raise CannotCallThen(fault)


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(PARIS), time.min, PARIS)


def _hold(customer: Customer) -> None:
    """Alone with this company's appointments; whoever only refers to it is not kept waiting."""
    Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)


def _written(
    appointment: Appointment, wanted: Wanted, *, by: Contact, now: datetime
) -> Appointment:
    if appointment.pk is None:
        appointment.asked_at = now
    else:
        appointment.sequence += 1
    appointment.by_contact, appointment.changed_at = by, now
    for name in _COLUMNS:
        setattr(appointment, name, getattr(wanted, name))
    appointment.save()
    appointment.devices.set(wanted.devices)
    return appointment
