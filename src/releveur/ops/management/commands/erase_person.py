from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door
from releveur.ops.person import erasing


class Command(Door):
    help = _("Erase a person: name, address and phone go everywhere, the company's readings stay.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="ADDRESS")
        parser.add_argument(
            "--even-if-asked",
            action="store_true",
            help=_("a campaign that runs asks her no more, and the office calls"),
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        return erasing.erase(
            options["address"].strip(), even_if_asked=options["even_if_asked"], by=office(), now=now
        )
