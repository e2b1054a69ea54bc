from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.ops import age_keys, backing_up, remembering
from releveur.ops.doors import Answer, Refused, TimelessDoor


class Command(TimelessDoor):
    help = _("Write database, photos and a manifest into one file, encrypted where a key is given.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--to",
            action="append",
            default=[],
            metavar="KEY",
            help=_("public key, or file of some"),
        )
        parser.add_argument(
            "--secrets", choices=["yes", "no"], help=_("whether the two secrets go along")
        )

    def tell(self, options: dict[str, Any]) -> Answer:
        recipients = age_keys.recipients(options["to"])
        # Whoever holds the secrets opens every link that was sent: they travel encrypted, or when told to.
        with_secrets = options["secrets"] == "yes" or bool(recipients and not options["secrets"])
        file: Path = options["file"].absolute()
        if not file.parent.is_dir():
            raise Refused(_("There is no folder %(folder)s.") % {"folder": file.parent})
        manifest = backing_up.back_up(
            file, recipients=recipients, with_secrets=with_secrets, progress=self.progress
        )
        remembering.remember(file, manifest)
        return {
            "file": str(file), "bytes": file.stat().st_size, "made_at": manifest.made_at,
            "encrypted": bool(recipients), "secrets": manifest.has_secrets,
            "rows": sum(manifest.tables.values()), "files": manifest.files,
            "missing_files": manifest.missing_files,
        }  # fmt: skip
