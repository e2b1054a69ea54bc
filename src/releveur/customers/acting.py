"""Who did something, as the audit names them."""

from __future__ import annotations

from releveur.accounts.models import User
from releveur.audit.models import Actor
from releveur.audit.writing import OFFICE, By
from releveur.customers.models import Contact


def by(who: Contact | User | None) -> By:
    """A person of a customer, somebody of the staff, or the office without a name."""
    match who:
        case Contact():
            return By(Actor.CUSTOMER, who.pk, str(who))
        case User():
            return By(Actor.OFFICE, who.pk, who.name)
        case _:
            return OFFICE
