from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.importing import history
from releveur.importing.report import Report
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door
from releveur.ops.management.commands.import_fleet import imported, mapped, name_a_table


class Command(Door):
    help = _("Write the readings of a file: history, service reports, what a collector exports.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        name_a_table(parser)

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        by = mapped(options["mapping"])

        def work() -> Report:
            return history.import_readings(
                options["file"],
                sheet=options["sheet"],
                by=by,
                progress=self.stderr.write,
                noted_by=office(),
                now=now,
            )

        self.imported = imported(work, options, skip=by.skip if by else 0)
        return self.imported.answer()

    def words(self, answer: Answer) -> str:
        return self.imported.words()
