"""The product's own web server on the database of the running test, spoken to byte by byte."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.faults import processes
from tests.faults.processes import Process
from tests.sink import a_free_port

HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Served:
    port: int
    process: Process

    def says(self, raw: bytes, *, seconds: float = 20) -> bytes:
        """Everything it answers to these bytes until it hangs up, or is silent for so long."""
        with self.connected(seconds=seconds) as line:
            # A server that refuses need not read to the end.
            with suppress(OSError):
                line.sendall(raw)
            return heard(line)

    def connected(self, *, seconds: float = 20) -> socket.socket:
        return socket.create_connection((HERE, self.port), timeout=seconds)

    def answers(self) -> bool:
        """Whether a page comes back at all."""
        try:
            line = http.client.HTTPConnection(HERE, self.port, timeout=5)
            line.request("GET", "/compteur")
            return line.getresponse().status < 500
        except OSError:
            return False


def heard(line: socket.socket) -> bytes:
    answer = b""
    with suppress(OSError):
        while got := line.recv(65_536):
            answer += got
    return answer


def status(answer: bytes) -> int:
    """The code of its first line; 0 where it hung up without a word."""
    first = answer.split(b"\r\n", 1)[0].split()
    return int(first[1]) if len(first) > 1 else 0


@contextmanager
def served(*arguments: object, **knobs: str) -> Iterator[Served]:
    """`releveur serve`, ready; killed at the end."""
    port = a_free_port()
    command = processes.releveur("serve", "--port", port, *arguments)
    given = {"RELEVEUR_SITE_URL": f"http://{HERE}:{port}"} | knobs
    with processes.started(*command, env=processes.environment(**given)) as process:
        there = Served(port, process)
        processes.until(there.answers, what="a page of `serve`")
        yield there
        process.stop()
