"""A person is erased: her row stays, since readings point to it, and names nobody any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from releveur.customers.models import Contact, LoginCode

SHORTEST_PHONE = 6
"""Characters of a number that is looked for in other texts."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What a person is known by: everywhere, and among those who know her."""

    address: str
    names: frozenset[str] = frozenset()
    """First name, last name, each alone: in the mails of her own companies only."""

    whole: frozenset[str] = frozenset()
    """First and last name together, phone numbers: these mean her wherever they stand."""


def traces(address: str, people: Iterable[tuple[str, str, str]]) -> Traces:
    """Of an address and every (first name, last name, phone) that was given with it."""
    names: set[str] = set()
    whole: set[str] = set()
    for first, last, phone in people:
        names |= {one for one in (first, last) if one}
        if first and last:
            whole |= {f"{first} {last}", f"{last} {first}"}
        if len(phone) >= SHORTEST_PHONE:
            whole.add(phone)
    return Traces(address, frozenset(names), frozenset(whole))


def erase(contact: Contact, *, now: datetime) -> None:
    """Take name, address, phone and what the ERP said of her; nobody writes to this row again."""
    with translation.override(settings.LANGUAGE_CODE):
        nobody = _("erased person %(number)d") % {"number": contact.pk}
    Contact.objects.filter(pk=contact.pk).update(
        civility="",
        first_name="",
        last_name=nobody,
        department="",
        email="",
        address_key="",
        phone="",
        copy_to="",
        imported={},
        quiet_until=None,
        opted_out_at=contact.opted_out_at or now,
        session_version=F("session_version") + 1,
    )
    LoginCode.objects.filter(contact=contact).delete()


def erase_from_copies(address: str) -> int:
    """Take an address out of the copies that others get; return of how many."""
    copied = list(Contact.objects.filter(copy_to__icontains=address))
    for contact in copied:
        others = [one.strip() for one in contact.copy_to.split(",")]
        contact.copy_to = ",".join(one for one in others if one.casefold() != address.casefold())
    Contact.objects.bulk_update(copied, ["copy_to"])
    return len(copied)
