"""The mails that the demonstration's mail server took: kept as they came, read as their readers see them."""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from releveur.clock import PARIS

LINK = re.compile(r"https?://[^\s/\"<>]+(/(?:r|ne-plus-ecrire)/[A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class Caught:
    """One mail as it came over the wire; links lead to where the demonstration runs now."""

    number: str
    to: str
    sender: str
    subject: str
    sent_at: datetime
    text: str
    html: str

    @property
    def link(self) -> str:
        """Where its red button leads; empty in a mail that asks nothing."""
        found = LINK.search(self.text)
        return found[0] if found else ""


@dataclass(frozen=True, slots=True)
class Box:
    """What one person got, the newest first."""

    to: str
    mails: tuple[Caught, ...]


def folder() -> Path:
    return Path(settings.DATA_DIR, "demo", "mails")


def keep(message: bytes) -> None:
    """Write a mail down, whole or not at all, under a number that grows with machine time."""
    where = folder()
    where.mkdir(mode=0o711, parents=True, exist_ok=True)
    draft = where / f"{time.time_ns():020}.draft"
    draft.write_bytes(message)
    draft.rename(draft.with_suffix(".eml"))


def empty() -> None:
    """Throw every mail away."""
    for path in folder().glob("*"):
        path.unlink()


def find(number: str) -> Caught | None:
    """The mail of this number, if there is one."""
    return next((one for one in caught() if one.number == number), None)


def caught() -> list[Caught]:
    """All mails, the newest first."""
    return [_read(path) for path in sorted(folder().glob("*.eml"), reverse=True)]


def boxes(mails: Iterable[Caught]) -> list[Box]:
    """The mails by reader; who got one last comes first."""
    found: dict[str, list[Caught]] = {}
    for one in mails:
        found.setdefault(one.to, []).append(one)
    return [Box(to, tuple(mine)) for to, mine in found.items()]


@lru_cache(maxsize=1_000)
def _read(path: Path) -> Caught:
    return read(path.read_bytes(), number=path.stem)


def read(content: bytes, *, number: str) -> Caught:
    """A mail as its reader sees it."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return Caught(
        number=number,
        to=str(message["To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        sent_at=parsedate_to_datetime(str(message["Date"])).astimezone(PARIS),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    """A demonstration started again at another port still opens the links it sent before."""
    part = message.get_body((kind,))
    content: str = part.get_content() if part else ""
    return LINK.sub(rf"{settings.SITE_URL}\1", content)
