"""The example configurations of nginx and Caddy, between a stranger and the real web server."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from releveur.customers import restraining
from releveur.customers.models import Tally
from tests import tls
from tests.factories import a_dealer
from tests.faults import serving
from tests.faults.processes import Process, started, until
from tests.faults.serving import Served, heard, status
from tests.sink import a_free_port
from tests.test_deploy import DEPLOY, caddyfile, needed

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # Old versions are asked for to see them refused.
    pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning"),
]

FORGED = "203.0.113.66"
HERE = "127.0.0.1"
GET = b"GET /connexion HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Proxy:
    port: int
    authority: Path
    portal: Served

    def connected(
        self, *, newest: ssl.TLSVersion | None = None, ciphers: str = "ALL:@SECLEVEL=0"
    ) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=self.authority)
        if newest:
            # What is too old for this machine too has to be allowed first.
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
            context.set_ciphers(ciphers)
        line = socket.create_connection((HERE, self.port), timeout=20)
        return context.wrap_socket(line, server_hostname=tls.HOST)

    def says(self, raw: bytes) -> bytes:
        with self.connected() as line:
            with suppress(OSError):
                line.sendall(raw)
            return heard(line)


@contextmanager
def nginx(folder: Path, shown: tls.Certified, port: int, behind: int) -> Iterator[Process]:
    text = (DEPLOY / "nginx.conf").read_text().replace("releves.dealer.example", tls.HOST)
    for ours, theirs in (
        (r"listen \[::\].*", ""),
        (r"listen 80;", f"listen {HERE}:{a_free_port()};"),
        (r"listen 443", f"listen {HERE}:{port}"),
        (r"127\.0\.0\.1:8000", f"{HERE}:{behind}"),
        (r"(ssl_certificate) .*", rf"\1 {shown.shown};"),
        (r"(ssl_certificate_key) .*", rf"\1 {shown.key};"),
        (r"/var/log/nginx", str(folder)),
    ):
        text = re.sub(ours, theirs, text)
    places = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                     ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; events {{}} http {{ {places} {text} }}"
    )
    with started(needed("nginx"), "-c", str(file), "-p", str(folder)) as process:
        yield process
        process.stop()


@contextmanager
def caddy(folder: Path, shown: tls.Certified, port: int, behind: int) -> Iterator[Process]:
    text = caddyfile()
    text = text.replace(
        "releves.dealer.example {", f"https://{tls.HOST}:{port} {{\n\ttls {shown.shown} {shown.key}"
    )
    text = text.replace("127.0.0.1:8000", f"{HERE}:{behind}")
    text = text.replace(
        "{\n\tservers", "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers", 1
    )
    file = folder / "Caddyfile"
    file.write_text(text)
    with started(
        needed("caddy"), "run", "--adapter", "caddyfile", "--config", str(file)
    ) as process:
        yield process
        process.stop()


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Proxy]:
    needed(request.param.__name__)
    a_dealer()
    shown = tls.certified(tmp_path)
    port = a_free_port()
    knobs = {
        "RELEVEUR_HTTPS": "1",
        "RELEVEUR_INBOX_SECRET": "s3cret",
        "RELEVEUR_SITE_URL": f"https://{tls.HOST}",
    }
    with (
        serving.served("--threads", 2, **knobs) as portal,
        request.param(tmp_path, shown, port, portal.port),
    ):
        there = Proxy(port, shown.authority, portal)
        until(lambda: answered(there), what="the proxy")
        yield there


def answered(proxy: Proxy) -> bool:
    with suppress(OSError):
        return status(proxy.says(GET)) == 200
    return False


NAMES = ("X-Forwarded-For", "X_Forwarded_For", "X-Forwarded_For", "x_forwarded-for", "Forwarded")


def test_nobody_dresses_as_another_network(proxy: Proxy) -> None:
    head = "POST /mail/arrived HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n"
    for name in NAMES:
        lines = f"{name}: {FORGED}\r\nZ: z\r\n{name}: for={FORGED}, {FORGED}\r\n"
        assert status(proxy.says(f"{head}{lines}\r\n".encode())) == 401
        assert Tally.objects.get().who_hash == restraining.hashed("mail arrived", HERE), name
    for proto in (b"X-Forwarded-Proto", b"X_Forwarded_Proto"):
        asked = GET.replace(b"Connection", proto + b": http\r\nConnection")
        assert status(proxy.says(asked)) == 200, "he is not led on to https, where he is"


def test_only_the_tls_of_today_is_spoken(proxy: Proxy) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with proxy.connected(newest=version) as line:
            assert line.version() == version.name.replace("_", ".")
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises(ssl.SSLError), proxy.connected(newest=version):
            pass
    for weak in ("AES256-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES256-SHA", "aNULL"):
        known = f"{weak}:@SECLEVEL=0"
        with (
            pytest.raises(ssl.SSLError),
            proxy.connected(newest=ssl.TLSVersion.TLSv1_2, ciphers=known),
        ):
            pass


HIDDEN = b"GET /r/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
LENGTHS = (
    b"Content-Length: %d\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: %d",
    b"Content-Length: %d\r\nTransfer-Encoding: xchunked",
    b"Content-Length: %d\r\nTransfer-Encoding : chunked",
    b"Content-Length: %d\r\nTransfer_Encoding: chunked",
    b"Content-Length: %d\r\nContent_Length: 0",
    b"Content-Length: 0\r\nContent-Length: %d",
)


def test_both_agree_where_a_request_ends(proxy: Proxy) -> None:
    body = b"0\r\n\r\n" + HIDDEN
    for lines in LENGTHS:
        head = b"POST /connexion HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        asked = head + lines.replace(b"%d", b"%d" % len(body)) + b"\r\n\r\n" + body
        before = logged(proxy)
        answers = len(re.findall(rb"HTTP/1\.1 \d\d\d ", proxy.says(asked)))
        seen = [one for one in looked(proxy, since=before) if "releveur.access" in one]
        assert len(seen) - 1 <= answers, f"each request the portal saw had its answer: {lines!r}"


def looked(proxy: Proxy, *, since: int) -> list[str]:
    """What the portal wrote up to a look at a page, that look included: the lines come a moment later."""
    assert status(proxy.says(GET)) == 200
    until(lambda: any("GET connexion" in line for line in proxy.portal.process.lines[since:]))
    return proxy.portal.process.lines[since:]


def logged(proxy: Proxy) -> int:
    return len(proxy.portal.process.lines)


def test_bodies_that_come_drop_by_drop_stop_nobody(proxy: Proxy) -> None:
    """With the cookie and the origin of a form of ours: the portal wants to read it."""
    head = (
        "POST /connexion HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\n"
        f"Cookie: __Host-csrftoken={'a' * 32}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: 1000\r\n\r\naddress="
    )
    with ExitStack() as lines:
        for _slow in range(20):
            lines.enter_context(proxy.connected()).sendall(head.encode())
        assert status(proxy.says(GET)) == 200, "beside twenty, where the portal has two threads"
