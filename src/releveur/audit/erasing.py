"""A person's name goes from the audit; what she did stays, by her number."""

from __future__ import annotations

from datetime import datetime

from releveur.audit.models import Actor, ActorName


def erase_names(contact: int, *, now: datetime) -> int:
    """Blank the name of a contact in every entry; the chain holds without it.

    :returns: in how many entries
    """
    hers = ActorName.objects.filter(entry__actor=Actor.CUSTOMER, entry__actor_id=contact)
    return hers.exclude(name="").update(name="", salt="", erased_at=now)
