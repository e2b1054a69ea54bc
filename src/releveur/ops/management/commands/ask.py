from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import asking
from releveur.campaigns.models import Campaign
from releveur.campaigns.status import status
from releveur.ops import typed
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door
from releveur.ops.management.commands.open_campaign import a_date
from releveur.ops.refusals import refusals


class Command(Door):
    help = _("Ask for the counters of one device that leaves or moves, until a day that is fixed.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("serial", metavar="SERIAL")
        parser.add_argument(
            "--why",
            choices=[why.lower() for why in Campaign.Why],
            required=True,
            help=_("it is taken away, it moves, or its contract ends"),
        )
        parser.add_argument("--before", type=a_date, required=True, metavar="DATE")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        device = typed.device(options["serial"])
        why = Campaign.Why(options["why"].upper())
        with refusals(serial=device.serial):
            asked = asking.ask(device, why=why, before=options["before"], by=office(), now=now)
        found = status(asked.campaign, now=now)
        if options["dry_run"]:
            found["campaign"] = None
        return {**found, "serial": device.serial, "why": options["why"], "to": asked.people}
