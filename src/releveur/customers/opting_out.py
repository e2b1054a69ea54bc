"""A person who wants no more of our mails, and one who changed her mind."""

from __future__ import annotations

from datetime import datetime

from releveur.customers.models import Contact


def stop(contact: Contact, *, now: datetime) -> bool:
    """Write down that this person wants no more mails; False when she had said so before."""
    writing_to = Contact.objects.filter(pk=contact.pk, opted_out_at=None)
    return writing_to.update(opted_out_at=now) == 1


def resume(contact: Contact) -> bool:
    """Take it back; False when there was nothing to take back."""
    silent = Contact.objects.filter(pk=contact.pk).exclude(opted_out_at=None)
    return silent.update(opted_out_at=None) == 1
