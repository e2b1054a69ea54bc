"""Mails owed by the thousand, and a process that does nothing but send them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from uuid import uuid4

from releveur.outbox.models import Mail
from tests.factories import OPENED
from tests.faults import processes
from tests.faults.processes import Process
from tests.sink import Sink

_SENDS = """
from releveur import clock
from releveur.outbox import delivering
delivering.deliver_due(now=clock.now())
"""


def many_mails(count: int, *, priority: int = 0, domain: str = "b.example") -> list[Mail]:
    """So many mails owed, each to an address of its own."""
    return Mail.objects.bulk_create(
        Mail(
            to=f"{number}@{domain}",
            language="fr",
            kind="invitation",
            priority=priority,
            sender="Bureautique Lafayette <releves@lafayette.example>",
            subject="Relevé compteurs",
            text="Bonjour,\n",
            html="<p>Bonjour,</p>\n",
            message_id=f"<{uuid4().hex}@lafayette.example>",
            owed_at=OPENED,
        )
        for number in range(count)
    )


def sending_worker(post: Sink) -> AbstractContextManager[Process]:
    """A process that sends what is owed to this server, then ends."""
    return processes.started(*processes.python(_SENDS), env=processes.environment(**to(post)))


def to(post: Sink) -> dict[str, str]:
    """The knob that makes a process send to this server."""
    return {"RELEVEUR_SMTP_URL": f"smtp://127.0.0.1:{post.server.port}"}
