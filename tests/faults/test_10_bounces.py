"""A mail that comes back is never overlooked: within the hour you know whom to call, and why.

Whatever the customer's mail server writes (39 shapes, of Exchange, Gmail, Postfix, Exim, qmail, Notes and
the French providers), the mail is found by an address that only we can sign, for months. Nothing more
goes to an address at which nobody is; a full mailbox is written to again; a mail refused as spam is our
own business, and you are told. A process killed while it reads the mailbox loses none and counts none
twice.

Seen to fail without: the loop over parts in `dsn._by_status`; `whose(said)` in `sorting._by_return_path`;
`lost or` in `mailing._write`; `told_at__gt` in `bounced.tell`; `exclude(known_by=…)` in `bouncing._hard`;
`digest=digest(raw)` in `inbox.receive`; the order of `receive` and `settle` in `inbox.fetch`.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from releveur import postgres
from releveur.campaigns import mailing, steps
from releveur.campaigns.models import Notice
from releveur.ops import ticking
from releveur.outbox import bouncing, inbox, return_path
from releveur.outbox.models import Arrived, Bounce, Mail
from tests import tls
from tests.arriving import imap
from tests.arriving.imap import Imap
from tests.arriving.letters import BOUNCES, a_bounce, a_reply, mails_leave
from tests.arriving.test_dsn import EXPECTED, SHAPES
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def mailserver(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Imap]:
    certified = tls.certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certified.authority))
    with imap.serving(certified.server()) as server:
        settings.INBOX, settings.RETURN_PATH = server.url(), BOUNCES
        yield server


def asked(*names: str) -> dict[str, Mail]:
    """A customer for each name, asked by mail, and the mail that left."""
    a_dealer()
    for number, name in enumerate(names):
        customer = a_customer(code=f"CL{number:06}", name=name)
        a_contact(
            customer, email=f"{name}@client.example", first_name=name, phone=f"01 {number:04}"
        )
        a_device(customer, mono=500)
    a_campaign()
    mails_leave(now=OPENED)
    return {name: Mail.objects.get(to=f"{name}@client.example") for name in names}


def of(shape: str, mail: Mail) -> bytes:
    """One of the shapes, as the mail server of this very customer writes it."""
    raw = (SHAPES / f"{shape}.eml").read_bytes()
    raw = re.sub(rb"(claire|c\.weber)@(client|kunde)\.example", mail.to.encode(), raw)
    raw = raw.replace(b"<4c1a9f0e5b7d4e0c8a6f2b3d1e5f7a90@bureautique-lafayette.example>", b"<?>")
    return b"Delivered-To: " + return_path.of(mail).encode() + b"\n" + raw


def test_every_shape_is_known_as_the_mail_it_speaks_of(mailserver: Imap) -> None:
    mails = asked(*EXPECTED)
    mailserver.put(*(of(shape, mail) for shape, mail in mails.items()))
    assert ticking.fetch(now=OPENED + HOUR) == len(EXPECTED)
    ticking.tick(now=OPENED + HOUR)

    found = {one.mail_id: one for one in Bounce.objects.exclude(address_key__startswith="copie")}
    for shape, expected in EXPECTED.items():
        outcome = expected.split()[0]
        bounce = found.pop(mails[shape].pk, None)
        assert (bounce.what if bounce else "") == outcome.replace("DELAYED", "").replace(
            "ARRIVED", ""
        ), shape
        assert bounce is None or bounce.known_by == Bounce.KnownBy.RETURN_PATH
    assert not found
    told = Mail.objects.get(kind="office")
    for shape, expected in EXPECTED.items():
        worth = expected.split()[0] in {"HARD", "POLICY"}
        assert (f"\n{shape} – {shape} (CL" in told.text or f" {shape} – " in told.text) == worth

    steps.take_due_steps(now=OPENED + 7 * DAY)
    mailing.write_due(now=OPENED + 7 * DAY)
    withheld = Notice.objects.exclude(withheld_at=None).values_list(
        "invitation__contact__first_name", flat=True
    )
    assert set(withheld) == {name for name, what in EXPECTED.items() if what.startswith("HARD")}


def test_each_of_them_is_told_within_the_hour_and_no_two_mails_in_one(mailserver: Imap) -> None:
    mails = asked("a", "b", "c", "d", "e")
    came = dict(zip(mails, (1, 20, 61, 62, 150), strict=True))
    told: dict[str, int] = {}
    for minute in range(0, 240, 5):
        now = OPENED + HOUR + minute * MINUTE
        for name in [one for one, at in came.items() if minute - 5 < at <= minute]:
            mailserver.put(a_bounce(mails[name], to=return_path.of(mails[name])))
        ticking.fetch(now=now)
        ticking.take_in(now=now)
        for one in Bounce.objects.exclude(told_at=None):
            told.setdefault(one.mail.to.partition("@")[0], minute)
    assert all(told[name] - came[name] <= 60 for name in mails), told
    sent = sorted(Mail.objects.filter(kind="office").values_list("owed_at", flat=True))
    assert all(later - one >= HOUR for one, later in pairwise(sent))


def test_a_mail_that_comes_back_after_90_days_is_still_known(mailserver: Imap) -> None:
    [mail] = asked("claire").values()
    mailserver.put(
        a_bounce(mail, to=return_path.of(mail), with_id=False, address="alias@x.example")
    )
    inbox.fetch(now=OPENED + 91 * DAY)
    ticking.take_in(now=OPENED + 91 * DAY)
    assert Bounce.objects.get().mail == mail


def test_a_stranger_who_writes_such_a_message_stops_no_mail(mailserver: Imap) -> None:
    [mail] = asked("claire").values()
    forged = return_path.of(mail).replace("-", "-a", 1)[: len(return_path.of(mail)) + 1]
    mailserver.put(a_bounce(mail, to=forged, with_id=False))
    ticking.fetch(now=OPENED + HOUR)
    ticking.tick(now=OPENED + HOUR)
    assert Bounce.objects.get().known_by == Bounce.KnownBy.ADDRESS
    assert not bouncing.dead([mail.to])


@pytest.mark.django_db(transaction=True)
def test_killed_between_the_row_and_the_mailbox_it_is_one_message(mailserver: Imap) -> None:
    mailserver.put(a_reply("un"), a_reply("deux"), a_reply("trois"))
    for _kill in range(2):
        reader = _reading(mailserver)
        mailserver.before["UID STORE"] = partial(os.kill, reader.pid, signal.SIGKILL)
        assert reader.wait(60) == -signal.SIGKILL
        _its_session_ends()
    kept = Arrived.objects.count()
    assert kept >= 1 and len(mailserver.messages) == 3, "rows first, and nothing left the mailbox"
    mailserver.before.clear()
    reader = _reading(mailserver)
    assert reader.wait(60) == 0
    _its_session_ends()
    assert Arrived.objects.count() == 3 and not mailserver.messages


def _its_session_ends() -> None:
    """The database notices later than we do; the tables are emptied when this test is over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
            " where datname = current_database() and usename = current_user"
            " and pid <> pg_backend_pid()"
        )


def _reading(mailserver: Imap) -> subprocess.Popen[bytes]:
    """A process of its own that reads the mailbox once, on the database of this test."""
    from django.conf import settings  # noqa: PLC0415  # beside the fixture of that name

    server: postgres.Server | None = settings.POSTGRES
    assert server is not None
    given = {
        "DATABASE_URL": server.conninfo(name=connection.settings_dict["NAME"]),
        "DJANGO_SETTINGS_MODULE": "releveur.settings",
        "RELEVEUR_INBOX": mailserver.url(),
        "RELEVEUR_DATA_DIR": str(settings.DATA_DIR),
        "RELEVEUR_TEST_CLOCK": "1",
        "RELEVEUR_POOL": "0",
    }
    program = (
        "import django; django.setup()\n"
        "from releveur import clock\nfrom releveur.outbox import inbox\n"
        "inbox.fetch(now=clock.now())\n"
    )
    return subprocess.Popen([sys.executable, "-c", program], env={**os.environ, **given})
