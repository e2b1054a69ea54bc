"""Who is looked at when mails are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from releveur.ops.doctor.checks import Finding
from releveur.ops.doctor.mail.asking_dns import Dns
from releveur.outbox import smtp


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


type Subject = Callable[[Patient], Iterator[Finding]]
"""One thing to look at in a patient; it may find several."""
