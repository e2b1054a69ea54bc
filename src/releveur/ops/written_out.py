"""What left the house as a file: its name and its digest stand in the audit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db.models import Model

from releveur.audit import writing
from releveur.audit.models import Action
from releveur.ops.at_the_keyboard import office


@dataclass(frozen=True, slots=True)
class Content:
    """How many bytes a file has, and what tells it from another."""

    bytes: int
    sha256: str


def note(
    about: Model | None,
    action: Action,
    output: Path,
    content: bytes | Content,
    *,
    key: object,
    now: datetime,
) -> None:
    """Write down that somebody took this out.

    :param content: of a file that was written in parts, what it came to
    """
    if isinstance(content, bytes):
        content = Content(len(content), hashlib.sha256(content).hexdigest())
    file = {"file": output.name, "bytes": content.bytes, "sha256": content.sha256}
    writing.note(about, action, key=key, by=office(), after=file, now=now)
