from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import proposing
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.refusals import refusals

LONGEST = 240


class Command(Door):
    help = _("Take back values that came after a signature, and say why: they never count.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("proposals", type=int, nargs="+", metavar="ID")
        parser.add_argument(
            "--reason", required=True, metavar="TEXT", help=_("why it is not taken")
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        reason = options["reason"].strip()
        if not reason:
            raise Refused(_("A rejection needs a reason."))
        if len(reason) > LONGEST:
            raise Refused(_("Say it in at most %(letters)s characters.") % {"letters": LONGEST})
        with refusals():
            fresh = proposing.reject(set(options["proposals"]), reason=reason, by=office(), now=now)
        return {"rejected": [one.pk for one in fresh]}
