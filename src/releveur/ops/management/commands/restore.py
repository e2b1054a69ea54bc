from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.ops import age_keys, reading_backups, restoring
from releveur.ops.archive import Manifest
from releveur.ops.doors import Answer, TimelessDoor, waits
from releveur.outbox.models import Hold


class Command(TimelessDoor):
    help = _("Make this installation what a backup says; no mail leaves before it is confirmed.")

    def arguments(self, parser: CommandParser) -> None:
        reading_backups.arguments(parser)
        parser.add_argument(
            "--replace", action="store_true", help=_("lose what the database holds now")
        )
        parser.add_argument(
            "--dry-run", action="store_true", help=_("say what would be done, do nothing")
        )

    def tell(self, options: dict[str, Any]) -> Answer:
        keys = age_keys.keys(options["key"])
        manifest = reading_backups.read_whole(options["file"], keys=keys, progress=self.progress)
        restoring.refuse_unfit(manifest, replace=options["replace"])
        said = _said_of(manifest)
        if options["dry_run"]:
            return {"restored": False, **said}
        put = restoring.restore(options["file"], manifest, keys=keys, progress=self.progress)
        call_command("migrate", verbosity=0, stdout=self.stderr, stderr=self.stderr)
        self.stderr.write(waits(Hold.Why.RESTORED))
        return {
            "restored": True, **said, "secrets": put.secrets,
            "secrets_elsewhere": put.secrets_elsewhere,
        }  # fmt: skip


def _said_of(manifest: Manifest) -> dict[str, object]:
    return {
        "made_at": manifest.made_at, "releveur": manifest.releveur,
        "rows": sum(manifest.tables.values()), "files": manifest.files,
        "missing_files": manifest.missing_files,
        "secrets": ["link_secret", "secret_key"] if manifest.has_secrets else [],
    }  # fmt: skip
