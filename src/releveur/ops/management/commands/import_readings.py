from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.importing import history
from releveur.ops.doors import Answer, Door
from releveur.ops.management.commands.import_fleet import answered, mapped, name_a_table


class Command(Door):
    help = _("Write the readings of a file: history, service reports, what a collector exports.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        name_a_table(parser)

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        self.report = history.import_readings(
            options["file"],
            sheet=options["sheet"],
            by=mapped(options["mapping"]),
            progress=self.stderr.write,
            now=now,
        )
        return answered(self.report)

    def words(self, answer: Answer) -> str:
        return "\n".join(self.report.lines())
