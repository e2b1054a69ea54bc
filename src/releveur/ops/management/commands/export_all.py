from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.ops import exporting, packing
from releveur.ops.doors import Answer, TimelessDoor


class Command(TimelessDoor):
    help = _("Write everything into a folder or a .zip that is readable without Releveur.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", type=Path, metavar="FOLDER|FILE.zip")

    def tell(self, options: dict[str, Any]) -> Answer:
        target: Path = options["target"].absolute()
        with packing.packing(target) as pack:
            done = exporting.export(pack, progress=self.progress)
        return {"target": str(target), **asdict(done)}
