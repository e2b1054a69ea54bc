from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from releveur.audit.models import Action
from releveur.audit.writing import note
from releveur.campaigns import mailing
from releveur.campaigns.models import Campaign, Invitation, Kind
from releveur.customers.models import Customer
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door, Refused


def invitations_of(code: str) -> QuerySet[Invitation]:
    """The invitations of unsigned campaigns that ask for a device of this customer.

    :raises Refused: no such customer, or nobody of it is asked at present
    """
    if not Customer.objects.filter(code=code).exists():
        raise Refused(_("There is no customer %(code)s.") % {"code": code})
    asking = Invitation.objects.filter(
        asked__due_reading__installation__site__customer__code=code
    ).exclude(campaign__state=Campaign.State.SIGNED)
    found = asking.select_related("contact", "campaign").distinct().order_by("pk")
    if not found:
        raise Refused(_nobody(code))
    return found


def _nobody(code: str) -> str:
    return _("Nobody of %(code)s is asked at present.") % {"code": code}


def noted(code: str, action: Action, people: Iterable[Invitation], *, now: datetime) -> None:
    """Write down whose links were sent again or revoked."""
    customer, contacts = Customer.objects.get(code=code), [one.contact_id for one in people]
    note(customer, action, key=code, by=office(), after={"contacts": contacts}, now=now)


class Command(Door):
    help = _("Send a customer's people their mail and link once more.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", metavar="CODE")

    @transaction.atomic
    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        invitations = invitations_of(options["code"])
        # A one-off request that is closed wants nothing any more.
        wanting = invitations.exclude(
            campaign__kind=Kind.ONE_OFF, campaign__state=Campaign.State.CLOSED
        )
        if not wanting:
            raise Refused(_nobody(options["code"]))
        silent = [one for one in wanting if one.contact.opted_out_at]
        written = [one for one in wanting if one not in silent]
        mails = [mailing.resend(one, now=now) for one in written]
        noted(options["code"], Action.RESEND, written, now=now)
        return {
            "code": options["code"],
            "mails": len(mails),
            "to": [mail.to for mail in mails],
            "wants_no_mails": [one.contact.email for one in silent],
        }
