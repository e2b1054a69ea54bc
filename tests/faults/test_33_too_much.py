"""Who sends too much, too many or too slowly gets a short refusal, and everybody else goes on working.

Ten megabytes where a form is expected, a million fields, headers without end, an upload of gigabytes, a body that
does not say how long it is, hundreds of connections that are opened and never finish their first line: each ends
in an answer of one kind (400, 401, 403, 413, 431) or in a closed connection, the program's memory stays where it
was, and a page asked for meanwhile comes back as fast as ever. The largest honest form, a sheet of thousands of
devices, is let in.

How it is tested: the real web server is spoken to byte by byte; its memory is read from the system before,
meanwhile and after.

Without `web/bounds.py` in `settings.MIDDLEWARE`, `DATA_UPLOAD_MAX_NUMBER_FIELDS` in the settings or
`--http1-header-read-timeout` in `serve` it fails. A body that comes drop by drop holds one of the threads as long as it likes: your proxy has to take requests whole and within a time before it passes them on
(docs/security/threats.md); the load of thousands of readers is measured elsewhere.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from releveur.web import bounds
from tests.factories import a_dealer
from tests.faults import processes, serving
from tests.faults.serving import Served, heard, status

pytestmark = pytest.mark.django_db(transaction=True)

MEGABYTE = 1024 * 1024
MOST_GROWTH = 50 * MEGABYTE
REFUSED = {400, 401, 403, 405, 411, 413, 431}
AT_ONCE = 200


@pytest.fixture
def served() -> Iterator[Served]:
    a_dealer()
    with serving.served() as served:
        yield served


def memory(served: Served) -> int:
    """Bytes held by the server and all it started."""
    found = 0
    for pid in _tree(served.process.pid):
        with contextlib.suppress(OSError):
            told = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
            found += int(told[1]) * 1024 if told else 0
    return found


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def request(
    path: str, body: bytes, *, kind: str, more: str = "", length: int | None = None
) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {serving.HERE}\r\nContent-Type: {kind}\r\n{more}"
        f"Content-Length: {len(body) if length is None else length}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def a_token(served: Served) -> tuple[str, str]:
    """The cookie and the field by which a form is let in."""
    page = served.says(
        f"GET /connexion HTTP/1.1\r\nHost: {serving.HERE}\r\nConnection: close\r\n\r\n".encode()
    )
    cookie = re.search(rb"csrftoken=(\w+)", page)
    field = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert cookie and field
    return cookie[1].decode(), field[1].decode()


FORM = "application/x-www-form-urlencoded"


@contextlib.contextmanager
def undisturbed(served: Served) -> Iterator[None]:
    """Memory stays, and a page still comes."""
    before = memory(served)
    yield
    assert memory(served) - before < MOST_GROWTH
    started = time.monotonic()
    assert served.answers()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"a":"' + b"x" * (10 * MEGABYTE) + b'"}'),
        (FORM, b"a=" + b"x" * (10 * MEGABYTE)),
        (FORM, b"a&" * 1_000_000),
        (FORM, b"".join(b"f%d=1&" % number for number in range(25_000))),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 200_000),
        ("multipart/form-data; boundary=" + "y" * 5_000, b"z" * MEGABYTE),
    ],
)
def test_a_body_that_is_too_much_is_refused(served: Served, kind: str, body: bytes) -> None:
    cookie, field = a_token(served)
    served.answers()
    headers = f"Cookie: csrftoken={cookie}\r\nX-CSRFToken: {field}\r\n"
    with undisturbed(served):
        for path in ("/connexion", "/releves", "/mail/arrived", "/langue", "/nowhere"):
            answer = status(served.says(request(path, body, kind=kind, more=headers)))
            assert answer in REFUSED | {0, 404} | ({303, 422} if "json" in kind else set()), path


def test_the_refusal_says_whom_to_call(served: Served) -> None:
    cookie, field = a_token(served)
    headers = f"Cookie: csrftoken={cookie}\r\nX-CSRFToken: {field}\r\n"
    too_many = request("/connexion", b"a&" * 30_000, kind=FORM, more=headers)
    answer = served.says(too_many)
    assert status(answer) == 400 and b"01 53 20 11 00" in answer
    huge = request("/releves", b"", kind=FORM, length=bounds.MOST_BYTES + 1)
    answer = served.says(huge)
    assert status(answer) == 413 and b"01 53 20 11 00" in answer


def test_the_largest_honest_form_is_let_in(served: Served) -> None:
    cookie, field = a_token(served)
    headers = f"Cookie: csrftoken={cookie}\r\n"
    fields = b"".join(b"value-%d=41200&" % number for number in range(19_900))
    body = fields + b"csrfmiddlewaretoken=" + field.encode()
    assert status(served.says(request("/connexion", body, kind=FORM, more=headers))) == 422


def test_gigabytes_are_refused_before_they_are_read(served: Served) -> None:
    with undisturbed(served):
        announced = request("/releves/photo", b"x", kind="multipart/form-data; boundary=x",
                            length=5_000 * MEGABYTE)  # fmt: skip
        assert status(served.says(announced)) == 413


def test_files_go_to_the_disk_and_not_into_memory(served: Served) -> None:
    cookie, field = a_token(served)
    headers = f"Cookie: csrftoken={cookie}\r\nX-CSRFToken: {field}\r\n"
    start = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    body = start + b"x" * (60 * MEGABYTE) + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    with undisturbed(served):
        answer = served.says(request("/releves/photo", body, kind=kind, more=headers), seconds=60)
        assert status(answer) == 403, "nobody is logged in here"


def test_a_body_that_does_not_say_its_length_is_empty(served: Served) -> None:
    head = (
        f"POST /connexion HTTP/1.1\r\nHost: {serving.HERE}\r\nContent-Type: {FORM}\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    ).encode()
    chunk = b"%x\r\n" % MEGABYTE + b"x" * MEGABYTE + b"\r\n"
    with undisturbed(served), served.connected() as line:
        with contextlib.suppress(OSError):
            line.sendall(head)
            for _time in range(50):
                line.sendall(chunk)
            line.sendall(b"0\r\n\r\n")
        assert status(heard(line)) in REFUSED | {0}


@pytest.mark.parametrize(
    "headers",
    [
        b"X-Long: " + b"x" * (2 * MEGABYTE) + b"\r\n",
        b"".join(b"X-%d: y\r\n" % number for number in range(20_000)),
        b"Cookie: " + b"a=b; " * 200_000 + b"\r\n",
    ],
)
def test_headers_without_end_are_refused(served: Served, headers: bytes) -> None:
    with undisturbed(served):
        raw = b"GET /connexion HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n"
        with served.connected() as line:
            with contextlib.suppress(OSError):
                line.sendall(raw)
            assert status(heard(line)) in REFUSED | {0}


def test_who_never_finishes_his_headers_is_hung_up_on_and_stops_nobody(served: Served) -> None:
    lines = [served.connected(seconds=40) for _one in range(AT_ONCE)]
    with undisturbed(served):
        for line in lines:
            line.sendall(b"GET /connexion HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert served.answers(), "beside two hundred that wait"
        started = time.monotonic()
        for line in lines:
            heard(line)
            line.close()
        assert time.monotonic() - started < 20, "each was hung up on after ten seconds"
    processes.until(served.answers, what="a page")
