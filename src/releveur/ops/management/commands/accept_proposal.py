from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import proposing
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door
from releveur.ops.refusals import refusals


class Command(Door):
    help = _("Make values that came after a signature real: the next period settles them.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("proposals", type=int, nargs="+", metavar="ID")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        with refusals():
            fresh = proposing.accept(set(options["proposals"]), by=office(), now=now)
        return {"accepted": [one.pk for one in fresh]}
