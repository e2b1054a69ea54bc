"""Who is looked at when mails are looked at, and how what is found is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from releveur.ops.asking_dns import Dns
from releveur.outbox import smtp


class Level(StrEnum):
    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, and what to do about it."""

    check: str
    level: Level
    words: str
    to_do: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """The domains and servers that mails of this installation pass by."""

    dns: Dns
    sender: str
    returns: str
    links: str
    server: smtp.Server
    now: datetime

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2].lower()


type Check = Callable[[Patient], Iterator[Finding]]
