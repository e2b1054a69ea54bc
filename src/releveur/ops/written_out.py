"""What left the house as a file: its name and its digest stand in the audit."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from django.db.models import Model

from releveur.audit import writing
from releveur.audit.models import Action
from releveur.ops.at_the_keyboard import office


def note(
    about: Model | None, action: Action, output: Path, content: bytes, *, key: object, now: datetime
) -> None:
    """Write down that somebody took this out, and what tells the file from another."""
    file = {
        "file": output.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    writing.note(about, action, key=key, by=office(), after=file, now=now)
