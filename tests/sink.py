"""A real mail server for the tests, on loopback: it keeps what it is given, or misbehaves as told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from releveur.outbox.smtp import Server

type Reply = Callable[[str], str | None]
"""What the server answers to a mail for this address; None: 250."""


@dataclass
class Sink:
    server: Server
    replies: Reply = lambda _to: None
    drops: set[str] = field(default_factory=set)
    """Addresses whose mail makes the server hang up."""
    stalls: set[str] = field(default_factory=set)
    """Addresses whose mail is never answered."""
    no_copies: dict[str, str] = field(default_factory=dict)
    """What is answered to an address before the mail is shown; empty: the server hangs up."""
    copies: list[str] = field(default_factory=list)
    """Who got a copy of the last mail."""
    messages: list[EmailMessage] = field(default_factory=list)
    conversations: int = 0
    before: Callable[[], None] = lambda: None
    """Called while a mail is on the wire."""
    after: Callable[[], None] = lambda: None
    """Called when a mail is kept, before the server says so."""
    slow: float = 0.0
    """Seconds that each mail takes."""
    most: int = 0
    """Mails after which the server closes a conversation; 0: as many as one likes."""

    @property
    def to(self) -> list[str]:
        return [str(message["To"]) for message in self.messages]

    async def handle_EHLO(  # noqa: N802  # named by aiosmtpd
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.conversations += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802  # as above
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.most and getattr(session, "mails", 0) >= self.most:
            server.transport.abort()
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # as above
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if (reply := self.no_copies.get(address)) is not None:
            if not reply:
                server.transport.abort()
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # as above
        to, *self.copies = envelope.rcpt_tos
        self.before()
        await asyncio.sleep(self.slow)
        if to in self.drops:
            server.transport.abort()
        if to in self.drops | self.stalls:
            await server.loop.create_future()
        if reply := self.replies(to):
            return reply
        self.messages.append(message_from_bytes(envelope.content, policy=default))
        self.after()
        session.mails = getattr(session, "mails", 0) + 1
        return "250 kept"


@contextmanager
def listening() -> Iterator[Sink]:
    """A sink on a free port of loopback."""
    port = a_free_port()
    sink = Sink(Server("127.0.0.1", port, connect_seconds=2, command_seconds=0.5))
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


def a_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
