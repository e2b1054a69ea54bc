"""Somebody whom a person we know names to us: her words are checked before a mail of ours repeats them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from releveur.customers import addresses
from releveur.customers.models import Contact

LONGEST_NAME = 80
NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’-]|\.(?![^\W\d_]))*")
"""Letters, with what stands between them in a name: no link can hide in one."""


class NoName(Exception):
    """What was typed in this field is no person's name."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class NoMoreMails(Exception):
    """This person asked us not to write to her."""


@dataclass(frozen=True, slots=True)
class Named:
    """A person in the words of another."""

    email: str
    first_name: str
    last_name: str = ""

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def key(self) -> str:
        """Her address as it is compared."""
        return addresses.key(self.email)


def checked(named: Named) -> Named:
    """The same without blanks around and between.

    :raises NoName: no first name, or a name that is none
    :raises addresses.NoAddress: nobody can have this address
    """
    first, last = _name("first_name", named.first_name), _name("last_name", named.last_name)
    if not first:
        raise NoName("first_name")
    return Named(addresses.written(named.email), first, last)


def introduce(named: Named, *, language: str) -> Contact:
    """The contact at this address, made if nobody has it; what we know of her stays as it is.

    :raises NoMoreMails: she is known, and wants no mail
    """
    contact, _made = Contact.objects.get_or_create(
        address_key=named.key,
        defaults={
            "email": named.email,
            "first_name": named.first_name,
            "last_name": named.last_name,
            "language": language,
        },
    )
    if contact.opted_out_at is not None:
        raise NoMoreMails
    return contact


def _name(field: str, typed: str) -> str:
    name = " ".join(typed.split())
    if name and (len(name) > LONGEST_NAME or not NAME.fullmatch(name)):
        raise NoName(field)
    return name
