from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import announcing
from releveur.ops.doors import Answer, Door
from releveur.ops.management.commands.open_campaign import a_date, codes_or_serials


class Command(Door):
    help = _("Tell everybody who will be asked for the first time what will come, and from whom.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--due-until", type=a_date, required=True, metavar="DATE")
        parser.add_argument(
            "--only", type=Path, metavar="FILE", help=_("customer codes or serials, one a line")
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        done = announcing.announce(
            options["due_until"], now=now, only=codes_or_serials(options["only"])
        )
        return {
            "mails": len(done.told),
            "to": [one.email for one in done.told],
            "know_already": done.known,
            "impossible": [one.email for one in done.impossible],
        }
