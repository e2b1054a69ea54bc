"""A client that asks over kept connections, and only counts: cheap beside any server it asks."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

CONNECTIONS = 8

type Request = bytes


class Unwanted(Exception):
    """The server answered something else than it should."""


@dataclass(slots=True)
class _Talk:
    socket: socket.socket
    heard: bytearray = field(default_factory=bytearray)

    def say(self, request: Request) -> None:
        self.heard.clear()
        self.socket.sendall(request)

    def listen(self) -> bool:
        """Whether the whole answer is here."""
        self.heard += self.socket.recv(262_144)
        head, blank, body = self.heard.partition(b"\r\n\r\n")
        if not blank:
            return False
        return len(body) >= _length(head)

    def answer(self) -> bytes:
        return bytes(self.heard)


def rate(port: int, requests: Iterable[Request], *, status: int = 200) -> float:
    """Ask everything, a few at a time; requests answered per second.

    :raises Unwanted: an answer has another status
    """
    waiting, answered = iter(requests), 0
    wanted = f"HTTP/1.1 {status}".encode()
    with selectors.DefaultSelector() as selector:
        for talk, first in zip(_talks(port), waiting, strict=False):
            talk.say(first)
            selector.register(talk.socket, selectors.EVENT_READ, talk)
        begin = time.perf_counter()
        while selector.get_map():
            for key, _events in selector.select(timeout=60):
                talk = key.data
                if not talk.listen():
                    continue
                if not talk.heard.startswith(wanted):
                    raise Unwanted(talk.answer()[:400].decode(errors="replace"))
                answered += 1
                if (request := next(waiting, None)) is None:
                    selector.unregister(talk.socket)
                    talk.socket.close()
                else:
                    talk.say(request)
        return answered / (time.perf_counter() - begin)


def ask(port: int, request: Request) -> tuple[str, str]:
    """One answer: its head and its body."""
    [talk] = _talks(port, 1)
    talk.say(request)
    while not talk.listen():
        pass
    talk.socket.close()
    head, _blank, body = talk.answer().partition(b"\r\n\r\n")
    return head.decode(), body.decode()


def get(path: str, *, cookies: str = "") -> Request:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n\r\n".encode()


def post(path: str, body: bytes, *, cookies: str = "") -> Request:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _talks(port: int, number: int = CONNECTIONS) -> Iterator[_Talk]:
    for _talk in range(number):
        one = socket.create_connection(("127.0.0.1", port), timeout=60)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield _Talk(one)


def _length(head: bytes | bytearray) -> int:
    for line in bytes(head).lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0
