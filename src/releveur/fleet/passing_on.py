"""Somebody else answers from now on. The file of the ERP may name the old person for years: her rows stay,
and say to whom they went, so that the next import does not bring her back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from releveur.customers.models import Contact
from releveur.fleet.models import Respondent


@transaction.atomic
def pass_on(contact: Contact, *, to: Contact) -> int:
    """Let somebody answer for all that a person answers for; return how many things that are."""
    hers = list(
        Respondent.objects.select_for_update(of=("self",)).filter(contact=contact, passed_to=None)
    )
    for row in hers:
        level: dict[str, Any] = {"customer": row.customer, "site": row.site, "device": row.device}
        Respondent.objects.update_or_create(contact=to, **level, defaults={"passed_to": None})
        row.passed_to = to
    Respondent.objects.bulk_update(hers, ["passed_to"])
    return len(hers)


def went_to(contacts: Iterable[int]) -> dict[int, int]:
    """Who answers in the place of each person who passed on all that she answered for."""
    rows = Respondent.objects.filter(contact__in=set(contacts)).order_by("pk")
    found: dict[int, int] = {}
    staying: set[int] = set()
    for contact, successor in rows.values_list("contact_id", "passed_to_id"):
        if successor is None:
            staying.add(contact)
        else:
            found[contact] = successor
    return {contact: successor for contact, successor in found.items() if contact not in staying}
