"""When this installation was backed up last: a note in the data folder, for whoever asks before an upgrade."""

from __future__ import annotations

import json
from pathlib import Path

from django.conf import settings

from releveur.ops.archive import Manifest

NOTE = "last_backup.json"


def remember(file: Path, manifest: Manifest) -> None:
    note = {"file": str(file), "made_at": manifest.made_at, "bytes": file.stat().st_size}
    Path(settings.DATA_DIR, NOTE).write_text(json.dumps(note))


def last_backup() -> dict[str, object] | None:
    """The note, if there is one that can be read."""
    try:
        said: dict[str, object] = json.loads(Path(settings.DATA_DIR, NOTE).read_text())
    except (OSError, ValueError):
        return None
    return said
