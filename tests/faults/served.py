"""The portal as customers meet it: `releveur serve` in processes of its own, and a browser without scripts."""

from __future__ import annotations

import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.faults.processes import Process, environment, releveur, started, until
from tests.web.visiting import fields


@dataclass
class Answer:
    """What the portal said, as `visiting` wants to read it."""

    status_code: int
    content: bytes
    headers: Message

    def __getitem__(self, header: str) -> str:
        return str(self.headers[header])


class Portal:
    def __init__(self, port: int, process: Process) -> None:
        self.process = process
        self._address = f"http://127.0.0.1:{port}"
        self._browser = urllib.request.build_opener(
            _NoRedirect(), urllib.request.HTTPCookieProcessor(CookieJar())
        )

    def get(self, path: str) -> Answer:
        return self._ask(urllib.request.Request(self._address + path))

    def post(self, path: str, form: Mapping[str, Any]) -> Answer:
        """Send a form; a file among its fields is a `SimpleUploadedFile`."""
        content = encode_multipart(BOUNDARY, dict(form))
        kind = {"Content-Type": MULTIPART_CONTENT}
        return self._ask(urllib.request.Request(self._address + path, content, kind))

    def enter(self, address: str) -> dict[str, str]:
        """Press the red button (`visiting.link`) and « Continuer », and return the fields of the sheet."""
        page = self.get(address).content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, page
        assert self.post(address, {"csrfmiddlewaretoken": token[1]}).status_code == 303
        return fields(self.get("/releves"))

    def memory(self) -> int:
        """Bytes that the portal's processes ever held, bounded children aside, since `rest`."""
        return 1024 * sum(_peak(number) for number in self._processes)

    def rest(self) -> None:
        """Whatever is held now is the measure from here on."""
        self._processes = list(_below(self.process.pid))
        for number in self._processes:
            Path(f"/proc/{number}/clear_refs").write_text("5")

    def answers(self) -> bool:
        try:
            return self.get("/nothing-here").status_code == 404
        except OSError:
            return False

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            with self._browser.open(request, timeout=60) as said:
                return Answer(said.status, said.read(), said.headers)
        except urllib.error.HTTPError as said:
            return Answer(said.code, said.read(), said.headers)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_about: Any) -> None:
        return None


@contextmanager
def serving(env: Mapping[str, str] | None = None, **knobs: str) -> Iterator[Portal]:
    """Serve the database of the running test, or of another environment, until the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with started(*releveur("serve", "--port", port), env=env or environment(**knobs)) as process:
        portal = Portal(port, process)
        until(portal.answers, what="an answer")
        yield portal
        process.stop()


def _below(parent: int) -> Iterator[int]:
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        yield int(child)
        yield from _below(int(child))


def _peak(number: int) -> int:
    status = Path(f"/proc/{number}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found, status
    return int(found[1])
