from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.ops import age_keys, reading_backups, restoring
from releveur.ops.archive import Manifest
from releveur.ops.doors import Answer, Refused, TimelessDoor


class Command(TimelessDoor):
    help = _("Read a backup whole and compare it with its manifest; with --deep restore it aside.")

    def arguments(self, parser: CommandParser) -> None:
        reading_backups.arguments(parser)
        parser.add_argument(
            "--deep", action="store_true", help=_("restore it into a server made for it")
        )

    def tell(self, options: dict[str, Any]) -> Answer:
        keys = age_keys.keys(options["key"])
        manifest = reading_backups.read_whole(options["file"], keys=keys, progress=self.progress)
        if options["deep"]:
            with restoring.scratch(options["file"], manifest, keys=keys) as found:
                _refuse_difference(manifest, found)
        return {
            "whole": True, "restored_aside": options["deep"], "made_at": manifest.made_at,
            "releveur": manifest.releveur, "postgresql": manifest.postgresql,
            "secrets": manifest.has_secrets, "rows": sum(manifest.tables.values()),
            "files": manifest.files, "missing_files": manifest.missing_files,
        }  # fmt: skip


def _refuse_difference(manifest: Manifest, found: dict[str, int]) -> None:
    wrong = {
        table: [manifest.tables.get(table), found.get(table)]
        for table in sorted({*manifest.tables, *found})
        if manifest.tables.get(table) != found.get(table)
    }
    if wrong:
        raise Refused(
            _("The restored database differs from the manifest: %(tables)s.")
            % {"tables": ", ".join(wrong)},
            answer={"whole": False, "differs": wrong},
        )
