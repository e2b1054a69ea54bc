"""A mail server that takes the connection and never says a word holds up nothing: the worker gives up
after ten seconds (thirty for an answer in the middle), and no page ever waits for a mail server.

A socket that accepts and stays silent stands for the server. A customer declares meanwhile; the test
counts who called the socket.

Without `timeout=to.connect_seconds` in `outbox/smtp.py: _connected` the worker would hang for ever, for
no time-out is the library's default; without the outbox, the customer's page would.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from releveur.campaigns.models import Invitation
from releveur.outbox import delivering, smtp
from releveur.outbox.models import Mail
from releveur.outbox.smtp import Server
from tests import sink
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
)
from tests.faults.outbox import many_mails
from tests.web.seeing import field
from tests.web.visiting import a_visitor, fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """It listens, its system accepts for it, and nobody ever reads."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        yield listening


def called(listening: socket.socket) -> int:
    """How many conversations wait there."""
    listening.setblocking(False)
    count = 0
    while True:
        try:
            listening.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_a_silent_server_is_given_up_and_nothing_is_lost(silent: socket.socket) -> None:
    many_mails(20)
    server = Server("127.0.0.1", silent.getsockname()[1], connect_seconds=0.5)
    begun = time.monotonic()
    assert delivering.deliver_due(now=OPENED, server=server).left == 20
    assert time.monotonic() - begun < 5, "one wait, not one per mail"
    assert not Mail.objects.exclude(attempts=0).exists(), "and it costs no try"


def test_one_mail_that_is_never_answered_holds_up_no_other() -> None:
    with sink.listening() as post:
        many_mails(5)
        post.stalls = {"2@b.example"}
        assert delivering.deliver_due(now=OPENED, server=post.server).sent == 4


def test_the_times_are_said_and_not_the_librarys() -> None:
    usual = smtp.server()
    assert (usual.connect_seconds, usual.command_seconds) == (10, 30)


def test_a_page_never_talks_to_the_mail_server(silent: socket.socket, settings: Any) -> None:
    settings.SMTP = {**settings.SMTP, "host": "127.0.0.1", "port": silent.getsockname()[1]}
    a_dealer()
    a_contact(customer := a_customer())
    device = a_device(customer)
    a_campaign()
    visitor = a_visitor(Invitation.objects.get())
    form = fields(visitor.get("/releves"))
    for code, value in (("mono", 41_200), ("color", 92_910)):
        form[field(device, code)] = str(value)
    assert visitor.post("/releves", form).status_code == 303
    assert Mail.objects.filter(kind="receipt", state=Mail.State.OWED).exists()
    assert called(silent) == 0
