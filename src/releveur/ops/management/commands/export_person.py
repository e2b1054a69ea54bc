from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from releveur.ops import new_files
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door
from releveur.ops.person import exporting


class Command(Door):
    help = _("Hand out all that is kept about a person: a zip with JSON, her mails and her photos.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="ADDRESS")
        parser.add_argument("file", type=Path, metavar="FILE.zip")

    @transaction.atomic
    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        output: Path = options["file"]
        new_files.check(output)
        content, counts = exporting.export(options["address"].strip(), by=office(), now=now)
        new_files.write(output, content)
        output.chmod(0o600)
        return {"file": str(output), "bytes": len(content), **counts}
