from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.waiting import Waiting, waiting
from releveur.outbox import holding


class Command(Door):
    help = _("After a restore or a copy: say what waits, then let mails leave from here.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help=_("do not ask"))

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        waits = waiting(now=now)
        if waits.why and not options["dry_run"]:
            self._ask(waits, yes=options["yes"])
        if waits.why:
            holding.confirm()
        return {"held": waits.why, **asdict(waits), "confirmed": bool(waits.why)}

    def _ask(self, waits: Waiting, *, yes: bool) -> None:
        """:raises Refused: nobody said yes"""
        if yes:
            return
        if not sys.stdin.isatty():
            raise Refused(
                _("%(what)s Say --yes to let it leave.") % {"what": _told(waits)},
                answer={"held": waits.why, **asdict(waits), "confirmed": False},
            )
        self.stderr.write(_told(waits))
        if input(_("Let it leave? [y/N] ")).strip().lower() not in {"y", "yes", "o", "oui"}:
            raise Refused(_("Nothing was changed: mails still wait."))


def _told(waits: Waiting) -> str:
    return _(
        "Held: %(why)s. %(mails)d mails are owed, the oldest since %(since)s; %(reminders)d reminders"
        " and %(closes)d closes are due."
    ) % {
        "why": waits.why and waits.why.label,
        "mails": sum(waits.mails.values()),
        "since": f"{waits.owed_since:%d/%m/%Y %H:%M}" if waits.owed_since else "-",
        "reminders": waits.reminders,
        "closes": waits.closes,
    }
