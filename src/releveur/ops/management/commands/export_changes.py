from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.audit.models import Action
from releveur.importing import differing, differing_file
from releveur.ops import new_files, written_out
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.management.commands.import_fleet import mapped
from releveur.ops.management.commands.open_campaign import a_date


class Command(Door):
    help = _("List what was changed here since the ERP said it last: what is to be typed there.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            type=a_date,
            metavar="DATE",
            help=_("leave out what an import met before that day"),
        )
        parser.add_argument(
            "--mapping",
            default="",
            metavar="NAME_OR_FILE",
            help=_("whose headings to name: a mapping by its name, or a TOML file"),
        )
        parser.add_argument("--format", choices=("csv", "xlsx"), default="csv")
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help=_("a file to write, else CSV is printed")
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        output: Path | None = options["output"]
        if options["format"] == "xlsx" and output is None:
            raise Refused(_("A workbook is not printed: name a file with --output."))
        self.changes = differing.differing(since=options["since"], by=mapped(options["mapping"]))
        answer = {"changes": [asdict(one) for one in self.changes]}
        if output is None:
            return answer
        if options["format"] == "xlsx":
            content = differing_file.as_xlsx(self.changes)
        else:
            content = differing_file.as_csv(self.changes).encode("utf-8-sig")
        new_files.write(output, content)
        written_out.note(None, Action.EXPORT_CHANGES, output, content, key=output.name, now=now)
        return answer | {"file": str(output)}

    def words(self, answer: Answer) -> str:
        if "file" not in answer:
            return differing_file.as_csv(self.changes)
        words = {"count": len(self.changes), "file": answer["file"]}
        return _("%(count)d values written to %(file)s") % words
