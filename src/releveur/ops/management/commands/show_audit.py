from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.audit import showing
from releveur.ops.doors import Answer, Door
from releveur.ops.management.commands.open_campaign import a_date


class Command(Door):
    help = _("Who did what, when, before, after and why; of one device or customer, or of all.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--subject",
            default="",
            metavar="KEY",
            help=_("a serial number, a customer code, the number of a campaign or a receipt"),
        )
        parser.add_argument("--since", type=a_date, metavar="DATE")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        self.found = showing.entries(subject=options["subject"], since=options["since"])
        return {"entries": [showing.told(one) for one in self.found]}

    def words(self, answer: Answer) -> str:
        return "\n".join(map(showing.in_words, self.found)) or _("Nothing was noted.")
