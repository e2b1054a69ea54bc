"""The product's server and the limit's, started as `releveur serve` does, on the same database."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.management import call_command

from bench.databases import Databases

PRODUCT = ("releveur.wsgi:application", "releveur.settings")
LIMIT = ("bench.bare.wsgi:application", "bench.bare.settings")
THREADS = 4
BOOT_SECONDS = 60


class NotServing(Exception):
    """The server did not come up."""


@dataclass(frozen=True, slots=True)
class Ports:
    product: int
    limit: int


@contextlib.contextmanager
def both(databases: Databases, name: str) -> Iterator[Ports]:
    """Both serve this database; they are idle whenever they are not asked."""
    url = databases.server.conninfo(name=name)
    with product(databases, name) as ours, _served(*LIMIT, url) as limit:
        yield Ports(ours, limit)


@contextlib.contextmanager
def product(databases: Databases, name: str) -> Iterator[int]:
    """The product alone serves this database."""
    call_command("collectstatic", interactive=False, verbosity=0)
    with _served(*PRODUCT, databases.server.conninfo(name=name)) as port:
        yield port


@contextlib.contextmanager
def _served(application: str, of: str, database: str) -> Iterator[int]:
    port = _free_port()
    surroundings = os.environ | {
        "DJANGO_SETTINGS_MODULE": of,
        "DATABASE_URL": database,
        "RELEVEUR_DATA_DIR": str(settings.DATA_DIR),
        "RELEVEUR_SITE_URL": settings.SITE_URL,
        "RELEVEUR_POOL": "8",
    }
    command = [
        sys.executable, "-m", "granian", application, "--interface", "wsgi", "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1", "--blocking-threads", str(THREADS),
        "--backpressure", "64", "--no-ws", "--workers-kill-timeout", "2", "--log-level", "error",
    ]  # fmt: skip
    server = subprocess.Popen(command, env=surroundings, start_new_session=True)
    try:
        _wait(server, port)
        yield port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise NotServing(f"port {port}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
