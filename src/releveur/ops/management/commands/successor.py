from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import succeeding
from releveur.campaigns.models import Succession
from releveur.customers import introducing
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door, Refused


class Command(Door):
    help = _("List whom people named in their place, and accept or refuse one.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("succession", type=int, nargs="?", metavar="ID")
        word = parser.add_mutually_exclusive_group()
        word.add_argument("--accept", action="store_true", help=_("ask the new person from now on"))
        word.add_argument("--refuse", action="store_true", help=_("leave things as they are"))

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        if options["succession"] is None:
            if options["accept"] or options["refuse"]:
                raise Refused(_("Say which one: releveur successor lists them."))
            return {"waiting": [_told(one, _codes(one)) for one in succeeding.waiting()]}
        one = _the_succession(options["succession"])
        codes = _codes(one)
        try:
            if options["accept"]:
                succeeding.accept(one, by=office(), now=now)
            elif options["refuse"]:
                succeeding.refuse(one, by=office(), now=now)
        except succeeding.Settled:
            raise Refused(_("Number %(number)s is settled already.") % {"number": one.pk}) from None
        except introducing.NoMoreMails:
            raise Refused(_("%(email)s wants no mails from us.") % {"email": one.email}) from None
        return _told(_the_succession(one.pk), codes)


def _the_succession(number: int) -> Succession:
    known = Succession.objects.select_related("invitation__contact", "invitation__campaign")
    found = known.filter(pk=number).first()
    if found is None:
        raise Refused(_("There is no succession %(number)s.") % {"number": number})
    return found


def _codes(one: Succession) -> list[str]:
    return [customer.code for customer in succeeding.customers_of(one.invitation)]


def _told(one: Succession, codes: list[str]) -> dict[str, object]:
    settled = "ACCEPTED" if one.successor_id else "REFUSED"
    return {
        "id": one.pk,
        "state": settled if one.settled_at else "WAITING",
        "old": one.invitation.contact.email,
        "new": one.email,
        "name": f"{one.first_name} {one.last_name}".strip(),
        "customers": codes,
        "said_at": one.said_at,
    }
