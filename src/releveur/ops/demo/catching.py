"""A mail server for the demonstration: it takes every mail, keeps it, and sends nothing on."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller

from releveur import knobs
from releveur.ops.demo import mailbox

HOST = "127.0.0.1"
SMTP = 25

# It tells of every command of every conversation.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class PortTaken(Exception):
    """Somebody listens at this port already."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is taken")
        self.port = port


class _Keeper:
    """What aiosmtpd calls for each mail it took."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        mailbox.keep(envelope.content)
        return "250 kept"


@contextlib.contextmanager
def catching(port: int) -> Iterator[None]:
    """Take mails at this port as long as the block runs.

    :raises PortTaken: somebody else took it first
    """
    controller = Controller(_Keeper(), hostname=HOST, port=port)
    try:
        controller.start()
    except OSError:
        raise PortTaken(port) from None
    try:
        yield
    finally:
        controller.stop()


def free_port() -> int:
    """The port where mail leaves by default, or another one when somebody holds that."""
    wanted = urlsplit(knobs.text("RELEVEUR_SMTP_URL")).port or SMTP
    return wanted if is_free(wanted) else any_port()


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def any_port() -> int:
    """A port that nobody holds at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _serve() -> None:
    """Take mails until SIGTERM; what script/demo runs beside the portal."""
    with catching(int(sys.argv[1])):
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    _serve()
