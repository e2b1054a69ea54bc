from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur import clock
from releveur.campaigns import by_phone
from releveur.ops import typed
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door
from releveur.ops.management.commands.open_campaign import a_date
from releveur.ops.refusals import asked_back, refusals
from releveur.readings.models import Finding

REASONS = {
    "replaced": Finding.Answer.METER_REPLACED,
    "rollover": Finding.Answer.ROLLED_OVER,
    "wrong": Finding.Answer.LAST_WAS_WRONG,
    "other": Finding.Answer.OTHER,
}


class Command(Door):
    help = _("Record values told by phone: the same checks as the customer's page.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("serial", metavar="SERIAL")
        parser.add_argument(
            "values", nargs="+", metavar="METER=VALUE", help=_("for example Noir=41200")
        )
        parser.add_argument(
            "--on", type=a_date, metavar="DATE", help=_("the day it was read; today if none")
        )
        parser.add_argument("--proof", type=Path, metavar="FILE", help=_("a photo of the counters"))
        parser.add_argument("--confirm", action="store_true", help=_("the person says it is right"))
        parser.add_argument(
            "--mend",
            action="store_true",
            help=_("take what is proposed, or say yes to what is asked"),
        )
        parser.add_argument(
            "--reason", choices=REASONS, help=_("why a value is lower than the last one")
        )
        parser.add_argument(
            "--digits", type=int, choices=range(4, 10), metavar="N",
            help=_("how many digits the display has, for a rollover; kept"),
        )  # fmt: skip

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        with refusals():
            outcome = by_phone.declare(
                typed.device(options["serial"]).serial,
                typed.values(options["values"]),
                taken_on=options["on"] or now.astimezone(clock.PARIS).date(),
                now=now,
                proof=typed.photo(options["proof"]),
                confirmed=options["confirm"],
                mend=options["mend"],
                reason=REASONS.get(options["reason"]),
                digits=options["digits"],
                noted_by=office(),
            )
        if outcome.questions:
            raise asked_back(outcome.questions.values())
        receipt = outcome.receipt.number if outcome.receipt else None
        return {"accepted": True, "receipt": receipt, "findings": []}
