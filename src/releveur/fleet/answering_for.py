"""Who answers for a device: all contacts of the nearest level that has one with an address.

The levels, nearest first: the device, its site, its customer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Q, QuerySet

from releveur.customers.models import Contact
from releveur.fleet.models import Installation, Respondent

MANY = 5_000
"""Of so many places everybody is read: naming each takes the database longer."""


@dataclass(slots=True)
class _People:
    """Contacts per level of one kind: who is written to, and the phones."""

    written: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    phones: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


class Place(NamedTuple):
    """An installation and what it belongs to, without the rest of its row."""

    pk: int
    device_id: int
    site_id: int
    customer_id: int


def contacts(
    stays: Iterable[Installation | Place], *, as_seen_by: Contact | None = None
) -> dict[int, list[int]]:
    """The contacts to write to, per installation; an empty list where there is nobody.

    Who wants no more mails is left out, and the next level answers.

    :param as_seen_by: somebody who looks at her own devices: they stay hers without mails

    Three queries at most, whatever the number of installations (with their sites loaded).
    """
    levels = [_place(stay) for stay in stays]
    device, site, customer = _people(levels, seer=as_seen_by.pk if as_seen_by else None)
    return {
        stay.pk: device.written.get(stay.device_id)
        or site.written.get(stay.site_id)
        or customer.written.get(stay.customer_id)
        or []
        for stay in levels
    }


def phones(stays: Iterable[Installation]) -> dict[int, str]:
    """The nearest phone number per installation; empty where there is none."""
    levels = [_place(stay) for stay in stays]
    device, site, customer = _people(levels)
    return {
        stay.pk: next(
            iter(
                device.phones.get(stay.device_id)
                or site.phones.get(stay.site_id)
                or customer.phones.get(stay.customer_id)
                or []
            ),
            "",
        )
        for stay in levels
    }


def nearest(stays: Iterable[Installation]) -> dict[int, Respondent]:
    """The first who answers for each installation at the nearest level that has anybody; in one query."""
    levels = [_place(stay) for stay in stays]
    found: dict[tuple[str, int], Respondent] = {}
    for row in _respondents(levels):
        for level in ("device", "site", "customer"):
            if (key := getattr(row, f"{level}_id")) is not None:
                found.setdefault((level, key), row)
    there = {
        stay.pk: found.get(("device", stay.device_id))
        or found.get(("site", stay.site_id))
        or found.get(("customer", stay.customer_id))
        for stay in levels
    }
    return {stay: row for stay, row in there.items() if row is not None}


def besides(contact: Contact, stays: Iterable[Installation]) -> Contact | None:
    """Somebody else who can be reached, of the nearest level that has one."""
    rows = _respondents([_place(stay) for stay in stays]).exclude(contact=contact)
    reachable = rows.exclude(contact__email="", contact__phone="")
    found = sorted(reachable, key=lambda one: (one.device_id is None, one.site_id is None))
    return found[0].contact if found else None


def _place(stay: Installation | Place) -> Place:
    if isinstance(stay, Place):
        return stay
    return Place(stay.pk, stay.device_id, stay.site_id, stay.site.customer_id)


def _people(stays: Sequence[Place], *, seer: int | None = None) -> tuple[_People, _People, _People]:
    device, site, customer = _People(), _People(), _People()
    for row in _respondents(stays):
        people, key = _level(row, device, site, customer)
        silent = row.contact.opted_out_at and row.contact_id != seer
        if row.contact.email and not silent:
            people.written[key].append(row.contact_id)
        if row.contact.phone:
            people.phones[key].append(row.contact.phone)
    return device, site, customer


def _respondents(stays: Sequence[Place]) -> QuerySet[Respondent]:
    rows = Respondent.objects.filter(passed_to=None)
    if len(stays) <= MANY:
        rows = rows.filter(
            Q(device__in={stay.device_id for stay in stays})
            | Q(site__in={stay.site_id for stay in stays})
            | Q(customer__in={stay.customer_id for stay in stays})
        )
    return rows.select_related("contact").order_by("pk")


def _level(
    row: Respondent, device: _People, site: _People, customer: _People
) -> tuple[_People, int]:
    if row.device_id is not None:
        return device, row.device_id
    if row.site_id is not None:
        return site, row.site_id
    assert row.customer_id is not None
    return customer, row.customer_id
