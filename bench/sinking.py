"""A mail server that takes everything and keeps nothing, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from aiosmtpd.smtp import SMTP

from bench.together import OTHER_PROCESS


class _Taking:
    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # named by aiosmtpd
        return "250 kept"


@contextlib.contextmanager
def sinking() -> Iterator[int]:
    """The port of a sink on loopback."""
    here, there = OTHER_PROCESS.Pipe()
    server = OTHER_PROCESS.Process(target=_serve, args=(there,), daemon=True)
    server.start()
    try:
        yield here.recv()
    finally:
        server.kill()
        server.join()


def _serve(told: Connection) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        told.send(listening.getsockname()[1])
        asyncio.run(_take(listening))


async def _take(listening: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(_Taking(), loop=loop), sock=listening)
    await server.serve_forever()
