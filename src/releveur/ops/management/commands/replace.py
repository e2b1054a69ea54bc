from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import replacing
from releveur.campaigns.noting import Said
from releveur.campaigns.replacing import Newcomer
from releveur.ops import typed
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.management.commands.retire import by_kind, left, said_with
from releveur.ops.refusals import refusals


class Command(Door):
    help = _(
        "One device takes another's place, with the last values of one and the first of the other."
    )
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("serial", metavar="OLD")
        parser.add_argument("new_serial", metavar="NEW")
        parser.add_argument(
            "--old", nargs="+", default=[], metavar="METER=VALUE", dest="values",
            help=_("last values of the old device; without them it is estimated"),
        )  # fmt: skip
        parser.add_argument(
            "--new", nargs="+", required=True, metavar="METER=VALUE", dest="new_values",
            help=_("first values of the new device"),
        )  # fmt: skip
        parser.add_argument(
            "--model",
            default="",
            metavar="NAME",
            help=_("maker and model of a device not known yet"),
        )
        said_with(parser)

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        device = typed.device(options["serial"])
        newcomer = Newcomer(
            options["new_serial"].strip(), typed.values(options["new_values"]), options["model"]
        )
        if newcomer.serial.casefold() == device.serial.casefold():
            raise Refused(_("Old and new device have the same serial number."))
        with refusals(serial=device.serial):
            done = replacing.replace(
                device,
                newcomer,
                on=options["on"],
                values=typed.values(options["values"]),
                said=Said(
                    proof=typed.photo(options["proof"]),
                    confirmed=options["confirm"],
                    noted_by=office(),
                ),
                now=now,
            )
        return {
            "old": {"serial": device.serial, **left(done.old)},
            "new": {
                "serial": done.stay.device.serial,
                "made": done.made,
                "location": done.stay.location,
                "readings": by_kind(done.readings),
            },
        }
