"""A message is in our table before it leaves the mailbox, and once only."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from procrastinate.contrib.django import app

from releveur import clock
from releveur.ops import ticking
from releveur.outbox import composing, inbox, mailboxes, sealing, sorting
from releveur.outbox.mailboxes import Unreachable
from releveur.outbox.models import Arrived, Mail
from tests import sink, tls
from tests.arriving import imap
from tests.arriving.imap import Imap
from tests.arriving.letters import ALEXANDRA, a_nest, a_reply
from tests.factories import OPENED, a_dealer

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tls.Certified:
    return tls.certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def imap_server(
    certified: tls.Certified, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Imap]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certified.authority))
    with imap.serving(certified.server()) as server:
        settings.INBOX = server.url()
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def maildir(folder: Path, settings: Any) -> mailbox.Maildir:
    settings.INBOX = f"maildir://{folder}"
    return mailbox.Maildir(folder, create=True)


def kept() -> list[bytes]:
    return [sealing.opened(one.sealed) for one in Arrived.objects.all()]


def test_an_imap_mailbox_is_read_and_emptied(imap_server: Imap) -> None:
    imap_server.put(first := a_reply("un"), second := a_reply("deux"))
    assert inbox.fetch(now=OPENED) == 2
    assert kept() == [first, second] and not imap_server.messages
    assert inbox.fetch(now=OPENED) == 0


def test_a_server_without_uidplus_is_emptied_too(imap_server: Imap) -> None:
    imap_server.uidplus = False
    imap_server.put(a_reply("un"))
    assert inbox.fetch(now=OPENED) == 1
    assert not imap_server.messages and "EXPUNGE" in imap_server.commands


def test_a_conversation_cut_before_the_message_leaves_the_mailbox_costs_nothing(
    imap_server: Imap,
) -> None:
    imap_server.put(a_reply("un"), a_reply("deux"))
    imap_server.drops_at = "UID STORE"
    with pytest.raises(Unreachable):
        inbox.fetch(now=OPENED)
    assert len(kept()) == 1 and len(imap_server.messages) == 2, "a row first"
    assert inbox.fetch(now=OPENED) == 2
    assert len(kept()) == 2 and not imap_server.messages, "once only"


def test_a_message_that_is_too_large_stays_flagged_and_is_known(
    imap_server: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailboxes, "LARGEST", 1_000)
    imap_server.put(a_reply("x " * 2_000), a_reply("un"))
    assert inbox.fetch(now=OPENED) == 2
    assert [one.whole for one in Arrived.objects.all()] == [False, True]
    assert imap_server.flags == {1: {r"\Flagged", r"\Seen"}}
    assert inbox.fetch(now=OPENED) == 0, "it is not met again"


@pytest.mark.parametrize("url", ["imaps://a:b@127.0.0.1:{free}/INBOX", "maildir:///nowhere/at/all"])
def test_a_mailbox_that_does_not_answer_is_read_later(
    url: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.INBOX = url.format(free=sink.a_free_port())
    with pytest.raises(Unreachable):
        inbox.fetch(now=OPENED)
    assert ticking.fetch(now=OPENED) == 0 and "the inbox cannot be read" in caplog.text


def test_a_wrong_password_or_an_unknown_certificate_opens_nothing(
    imap_server: Imap, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap_server.put(a_reply("un"))
    settings.INBOX = imap_server.url(password="no")
    with pytest.raises(Unreachable, match="AUTHENTICATIONFAILED"):
        inbox.fetch(now=OPENED)
    settings.INBOX = imap_server.url()
    monkeypatch.delenv("SSL_CERT_FILE")
    said = len(imap_server.commands)
    with pytest.raises(Unreachable, match="certificate"):
        inbox.fetch(now=OPENED)
    assert len(imap_server.commands) == said and not kept(), "no password was said"


def test_a_maildir_is_read_and_emptied(maildir: mailbox.Maildir) -> None:
    for raw in (a_reply("un"), a_reply("deux")):
        maildir.add(raw)
    assert inbox.fetch(now=OPENED) == 2
    assert len(kept()) == 2 and len(maildir) == 0


def test_a_large_file_of_a_maildir_stays_flagged(
    maildir: mailbox.Maildir, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailboxes, "LARGEST", 1_000)
    maildir.add(a_reply("x " * 2_000))
    assert [inbox.fetch(now=OPENED) for _ in range(2)] == [1, 0]
    [message] = list(mailbox.Maildir(folder))
    assert message.get_flags() == "FS"


def test_the_same_message_by_two_ways_is_one(maildir: mailbox.Maildir) -> None:
    raw = a_reply("un")
    _row, new = inbox.receive(raw, now=OPENED)
    again = b"Received: from mx\r\n" + raw.replace(b"\n", b"\r\n")
    assert new and inbox.receive(again, now=OPENED)[1] is False
    assert inbox.receive(raw.replace(b"un", b"deux"), now=OPENED)[1] is True


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\xff\xfe" * 500,
        b"",
        b"From: \xe9\xe9@x\nSubject: =?nope?q?=ff?=\n\n\xff",
        b"Content-Type: text/plain; charset=klingon\nFrom: a@b.example\n\nbonjour \xe9",
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Transfer-Encoding: base64\n\n%%%",
        a_nest(),
        b"Subject: " + b"x" * 100_000 + b"\n\n",
        b"From: a@b.example\nSubject: a\x00b\r\n\tc\x07\n\nbonjour",
    ],
)
def test_a_poisoned_message_fails_alone_and_is_kept(
    raw: bytes, maildir: mailbox.Maildir, folder: Path
) -> None:
    a_dealer()
    (folder / "new" / "1").write_bytes(raw)
    (folder / "new" / "2").write_bytes(a_reply("Noir 41200"))
    assert inbox.fetch(now=OPENED) == 2
    assert sorting.sort_arrived(now=OPENED) == 2
    assert kept()[0] == raw
    assert Arrived.objects.latest("pk").kind == Arrived.Kind.REPLY
    assert sorting.sort_arrived(now=OPENED) == 0


def test_the_words_of_others_are_forgotten_after_90_days(maildir: mailbox.Maildir) -> None:
    a_dealer()
    arrived, _new = inbox.receive(a_reply("Noir 41200"), now=OPENED)
    waiting, _new = inbox.receive(a_reply("encore"), now=OPENED)
    ticking.take_in(now=OPENED)
    Arrived.objects.filter(pk=waiting.pk).update(state="SORTED", done_at=None)
    assert inbox.forget(now=OPENED + timedelta(days=90)) == 0
    assert inbox.forget(now=OPENED + timedelta(days=91)) == 1, "what waits is kept"
    arrived.refresh_from_db()
    assert arrived.sender == ALEXANDRA
    with pytest.raises(sealing.CannotBeOpened):
        sealing.opened(arrived.sealed)
    assert composing.compose(Mail.objects.get(forwards=arrived), date=OPENED), (
        "sent again without files"
    )


def test_the_command_tick_and_the_worker_read_the_mailbox(maildir: mailbox.Maildir) -> None:
    a_dealer()
    maildir.add(a_reply("Noir 41200"))
    clock.set(OPENED)
    call_command("tick", stdout=StringIO())
    assert "Noir 41200" in Mail.objects.get(kind="office").text
    assert "releveur.ops.tasks.fetch" in app.tasks
