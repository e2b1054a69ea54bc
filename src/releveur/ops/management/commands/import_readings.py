from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.importing import history
from releveur.ops.doors import Answer, Door
from releveur.ops.management.commands.import_fleet import answered


class Command(Door):
    help = _("Write the readings of a file: history, service reports, what a collector exports.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help=_("CSV, in any separator"))

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        self.report = history.import_readings(options["file"], progress=self.stderr.write, now=now)
        return answered(self.report)

    def words(self, answer: Answer) -> str:
        return "\n".join(self.report.lines())
