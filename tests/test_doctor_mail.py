"""The doctor of mails: a real name server, a real mail server with TLS, and a finding for each fault."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from django.core.management import CommandError, call_command

from releveur import clock
from releveur.ops.doctor.checks import Finding, Level
from releveur.ops.doctor.mail import asking_dns, examining, reading_spf
from releveur.ops.doctor.mail.asking_dns import Dns
from releveur.outbox.models import Mail
from releveur.outbox.smtp import Server
from tests import names, sink, tls
from tests.arriving import imap
from tests.factories import OPENED, a_dealer
from tests.names import Names

pytestmark = pytest.mark.django_db

DOMAIN = "bureautique-lafayette.example"
USER, PASSWORD = "releves", "p@ss"


def a_key(bits: int = 2048) -> str:
    key = rsa.generate_private_key(65537, bits).public_key()
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b64encode(der).decode()


GOOD_KEY, SHORT_KEY = a_key(), a_key(1024)
HEALTHY = {
    (DOMAIN, "TXT"): ['"google-site=1"', '"v=spf1 include:_spf.relay.example mx -all"'],
    (DOMAIN, "MX"): [f"10 mx.{DOMAIN}."],
    (f"mx.{DOMAIN}", "A"): ["192.0.2.25"],
    ("_spf.relay.example", "TXT"): ['"v=spf1 ip4:127.0.0.0/8 ip6:::1 ~all"'],
    (f"_dmarc.{DOMAIN}", "TXT"): ['"v=DMARC1; p=quarantine; rua=mailto:d@a.example"'],
    (f"s1._domainkey.{DOMAIN}", "TXT"): [f'"v=DKIM1; p={GOOD_KEY[:200]}" "{GOOD_KEY[200:]}"'],
}


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tls.Certified:
    return tls.certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def zone() -> Iterator[Names]:
    with names.answering(HEALTHY) as zone:
        yield zone


@pytest.fixture(autouse=True)
def installation(settings: Any, certified: tls.Certified, monkeypatch: Any) -> None:
    clock.set(OPENED)
    a_dealer()
    monkeypatch.setenv("SSL_CERT_FILE", str(certified.authority))
    settings.SITE_URL = f"https://releves.{DOMAIN}"
    settings.RETURN_PATH = f"bounces@{DOMAIN}"
    settings.DKIM_SELECTORS = ["s1"]
    settings.INBOX_SECRET = "x"


@pytest.fixture
def kept(settings: Any, certified: tls.Certified) -> Iterator[sink.Sink]:
    """A mail server that wants TLS and a password, and keeps what it takes."""
    taken = sink.Sink(Server("localhost", port := sink.a_free_port()))
    controller = Controller(
        taken, hostname="127.0.0.1", port=port, tls_context=certified.server(), require_starttls=True,
        auth_required=True, authenticator=_knows,
    )  # fmt: skip
    settings.SMTP = {
        "host": "localhost", "port": port, "username": USER, "password": PASSWORD, "use_tls": True,
    }  # fmt: skip
    controller.start()
    try:
        yield taken
    finally:
        controller.stop()


def _knows(server: Any, session: Any, envelope: Any, mechanism: str, said: Any) -> AuthResult:
    right = (said.login, said.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right)


def findings(zone: Names, **more: Any) -> dict[str, Finding]:
    found = examining.examine(resolver=zone.server, now=OPENED, **more)
    return {one.check: one for one in found}


def levels(zone: Names) -> dict[str, Level]:
    return {check: one.level for check, one in findings(zone).items()}


def test_a_healthy_installation_has_nothing_to_do(zone: Names, kept: sink.Sink) -> None:
    assert levels(zone) == dict.fromkeys(
        ["spf", "dkim", "dmarc", "links", "returns", "relay_tls", "relay_login", "relay"], Level.OK
    )
    assert not kept.messages


def test_a_test_message_arrives_and_is_a_mail_like_any_other(zone: Names, kept: sink.Sink) -> None:
    finding = findings(zone, to="admin@ailleurs.example")["test"]
    assert finding.level == Level.OK and "Authentication-Results" in finding.advice
    [message] = kept.messages
    assert message["To"] == "admin@ailleurs.example"
    mail = Mail.objects.get()
    assert mail.state == Mail.State.SENT and message["Message-ID"] == mail.message_id


def test_an_address_that_is_none_or_refused_is_said(zone: Names, kept: sink.Sink) -> None:
    assert findings(zone, to="nobody")["test"].level == Level.FAIL
    kept.replies = lambda _to: "550 5.7.1 no"
    assert "550 5.7.1 no" in str(findings(zone, to="a@b.example")["test"].reading)
    assert Mail.objects.get().state == Mail.State.FAILED


@pytest.mark.parametrize(
    ("check", "change", "level", "words"),
    [
        ("spf", {(DOMAIN, "TXT"): ['"x"']}, "FAIL", "SPF"),
        ("spf", {(DOMAIN, "TXT"): ['"v=spf1 -all"', '"v=spf1 mx -all"']}, "FAIL", "plusieurs|several"),
        ("spf", {(DOMAIN, "TXT"): ['"v=spf1 include:gone.example -all"']}, "FAIL", "gone.example"),
        ("spf", {(DOMAIN, "TXT"): [f'"v=spf1 {"a " * 11}-all"']}, "FAIL", "10"),
        ("spf", {(DOMAIN, "TXT"): ['"v=spf1 include:loop.example -all"'],
                 ("loop.example", "TXT"): ['"v=spf1 include:loop.example -all"']}, "FAIL", "10"),
        ("spf", {(DOMAIN, "TXT"): ['"v=spf1 ip4:127.0.0.1 ip6:::1 ?all"']}, "WARN", "SPF"),
        ("spf_relay", {(DOMAIN, "TXT"): ['"v=spf1 mx -all"'],
                       ("localhost", "A"): ["127.0.0.1"]}, "WARN", "localhost"),
        ("dkim", {(f"s1._domainkey.{DOMAIN}", "TXT"): ['"v=DKIM1; p="']}, "FAIL", "s1._domainkey"),
        ("dkim", {(f"s1._domainkey.{DOMAIN}", "TXT"): ['"v=DKIM1; p=%%"']}, "FAIL", "s1._domainkey"),
        ("dkim", {(f"s1._domainkey.{DOMAIN}", "TXT"): [f'"p={SHORT_KEY}"']}, "WARN", "1024"),
        ("dkim", {(f"s1._domainkey.{DOMAIN}", "TXT"): []}, "FAIL", "s1._domainkey"),
        ("dmarc", {(f"_dmarc.{DOMAIN}", "TXT"): ['"x"']}, "FAIL", "DMARC"),
        ("dmarc", {(f"_dmarc.{DOMAIN}", "TXT"): ['"v=DMARC1; p=none"']}, "WARN", "p=none"),
        ("returns", {(DOMAIN, "MX"): []}, "FAIL", DOMAIN),
        ("returns", {(DOMAIN, "MX"): ["0 ."]}, "FAIL", DOMAIN),
    ],
)  # fmt: skip
def test_each_fault_of_the_domain_is_found(
    zone: Names, kept: sink.Sink, check: str, change: names.Zone, level: str, words: str
) -> None:
    zone.put(change)
    finding = findings(zone)[check]
    assert finding.level == level and finding.advice
    assert any(word in str(finding.reading) for word in words.split("|")), finding.reading


def test_a_modern_key_is_a_good_one(zone: Names, kept: sink.Sink) -> None:
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    zone.put({(f"s1._domainkey.{DOMAIN}", "TXT"): [f'"k=ed25519; p={b64encode(raw).decode()}"']})
    assert levels(zone)["dkim"] == Level.OK


def test_domains_that_do_not_belong_together_are_found(
    zone: Names, kept: sink.Sink, settings: Any
) -> None:
    settings.SITE_URL = "https://portail.ailleurs.example"
    settings.RETURN_PATH = "b@retours.fournisseur.example"
    zone.put({("retours.fournisseur.example", "MX"): ["5 mx.x.example."]})
    found = levels(zone)
    assert (found["links"], found["alignment"], found["returns"]) == ("WARN", "WARN", "OK")
    settings.RETURN_PATH = f"b@retours.{DOMAIN}"
    assert "alignment" not in findings(zone)
    zone.put({(f"_dmarc.{DOMAIN}", "TXT"): ['"v=DMARC1; p=reject; aspf=s"']})
    assert levels(zone)["alignment"] == Level.WARN, "strict"


def test_nothing_that_reads_what_comes_back_is_a_finding(
    zone: Names, kept: sink.Sink, settings: Any
) -> None:
    settings.RETURN_PATH = settings.INBOX_SECRET = ""
    settings.DKIM_SELECTORS = []
    found = levels(zone)
    assert (found["inbox"], found["dkim"]) == ("WARN", "WARN")


def test_a_resolver_that_is_silent_is_a_finding_and_stops_nothing(
    zone: Names, kept: sink.Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking_dns, "SECONDS", 0.3)
    zone.silent = True
    found = levels(zone)
    assert found["spf"] == found["dmarc"] == Level.FAIL and found["relay"] == Level.OK


def test_a_relay_that_is_silent_wrong_or_not_itself(
    zone: Names, kept: sink.Sink, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SMTP |= {"password": "wrong"}
    assert levels(zone)["relay_login"] == Level.FAIL
    monkeypatch.delenv("SSL_CERT_FILE")
    assert levels(zone)["relay_tls"] == Level.FAIL
    settings.SMTP |= {"port": sink.a_free_port()}
    assert levels(zone)["relay"] == Level.FAIL


def test_a_certificate_that_ends_soon_is_said(
    zone: Names, kept: sink.Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    soon = tls.certified(tmp_path, days=10)
    monkeypatch.setenv("SSL_CERT_FILE", str(soon.authority))
    taken = sink.Sink(Server("localhost", port := sink.a_free_port()))
    controller = Controller(taken, hostname="127.0.0.1", port=port, tls_context=soon.server())
    settings.SMTP = {"host": "localhost", "port": port, "use_tls": True}
    controller.start()
    try:
        assert levels(zone)["relay_tls"] == Level.WARN
    finally:
        controller.stop()


def test_the_inbox_is_opened_and_left_alone(
    zone: Names, kept: sink.Sink, certified: tls.Certified, settings: Any
) -> None:
    with imap.serving(certified.server()) as server:
        server.put(b"Subject: x\n\ny")
        settings.INBOX = server.url()
        assert levels(zone)["inbox"] == Level.OK
        settings.INBOX = server.url(password="no")
        assert levels(zone)["inbox"] == Level.FAIL
        assert len(server.messages) == 1


def test_the_command_says_it_in_words_and_as_json(zone: Names, kept: sink.Sink) -> None:
    said = StringIO()
    call_command("doctor", "mail", "--resolver", zone.server, stdout=said)
    assert re.search(r"^ok +spf +", said.getvalue(), re.MULTILINE)
    zone.put({(DOMAIN, "TXT"): ['"x"']})
    told = StringIO()
    with pytest.raises(CommandError, match=r"ERREUR spf +bureautique") as refusal:
        call_command("doctor", "mail", "--json", "--resolver", zone.server, stdout=told)
    assert refusal.value.returncode == 1 and "→" in str(refusal.value)
    answer = json.loads(told.getvalue())
    assert not answer["healthy"]
    assert {"check", "level", "reading", "advice"} == set(answer["findings"][0])


def test_spf_is_read_through_includes_and_redirects(zone: Names) -> None:
    zone.put(
        {
            ("one.example", "TXT"): ['"v=spf1 a:h.one.example/24 redirect=two.example"'],
            ("h.one.example", "A"): ["192.0.2.7"],
            ("two.example", "TXT"): ['"v=spf1 mx:mail.example -ip4:198.51.100.1 ip6:2001:db8::/32 -all"'],
            ("mail.example", "MX"): ["5 mx.mail.example."],
            ("mx.mail.example", "A"): ["203.0.113.9"],
        }
    )  # fmt: skip
    found = reading_spf.read("one.example", Dns(zone.server))
    assert (found.lookups, found.otherwise, found.faults) == (3, "-", [])
    for address, allowed in {
        "192.0.2.200": True, "203.0.113.9": True, "2001:db8::5": True, "198.51.100.1": False,
    }.items():  # fmt: skip
        assert found.permits(address) is allowed, address
