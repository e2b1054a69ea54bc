from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import retiring
from releveur.campaigns.noting import Said
from releveur.campaigns.retiring import Retired
from releveur.fleet.models import Meter
from releveur.ops import typed
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door
from releveur.ops.management.commands.open_campaign import a_date
from releveur.ops.refusals import refusals
from releveur.readings.models import Reading


class Command(Door):
    help = _("A device leaves: its stay and its contract end, and these are its last values.")
    writes = True

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Values may stand behind the options too: the serial number alone is a whole command."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        return parser

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("serial", metavar="SERIAL")
        parser.add_argument(
            "values", nargs="*", metavar="METER=VALUE", help=_("for example Noir=41200")
        )
        said_with(parser)

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        device = typed.device(options["serial"])
        with refusals(serial=device.serial):
            retired = retiring.retire(
                device,
                on=options["on"],
                values=typed.values(options["values"]),
                said=Said(
                    proof=typed.photo(options["proof"]),
                    confirmed=options["confirm"],
                    noted_by=office(),
                ),
                now=now,
            )
        return {"serial": device.serial, **left(retired)}


def said_with(parser: CommandParser) -> None:
    """The day of a move, and what comes with its values."""
    parser.add_argument("--on", type=a_date, required=True, metavar="DATE")
    parser.add_argument("--proof", type=Path, metavar="FILE", help=_("a photo of the counters"))
    parser.add_argument("--confirm", action="store_true", help=_("the person says it is right"))


def left(retired: Retired) -> Answer:
    """What ended, for the answer of a door."""
    site = retired.stay.site
    return {
        "left_on": retired.stay.until,
        "code": site.customer.code,
        "site": str(site),
        "contract": str(retired.contract) if retired.contract else None,
        "readings": by_kind(retired.readings),
    }


def by_kind(readings: Mapping[int, Reading]) -> dict[str, int]:
    """Values by the code of their meter's kind."""
    codes = Meter.objects.filter(pk__in=readings).values_list("pk", "kind__code")
    return {code: readings[meter].value for meter, code in codes}
