"""Somebody answers for nothing any more, and nobody in her place: the next level does."""

from __future__ import annotations

from releveur.customers.models import Contact
from releveur.fleet.models import Respondent


def answer_no_more(contact: Contact) -> int:
    """Take away all that a person answers for; return how many things that were."""
    deleted, _tables = Respondent.objects.filter(contact=contact).delete()
    return deleted
