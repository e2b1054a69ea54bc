"""Killing the process that sends mails, at any moment and as often as one likes, loses no mail; at most
one mail per kill arrives twice, with the same Message-ID, so that mail programs show it once.

A real worker sends 500 mails to a real mail server and is killed with SIGKILL five times: with a mail on
the wire that the server has not taken yet, or has taken and not acknowledged. What it had leased waits for the end of the
lease, which the test brings forward.

Without the order of sending and marking in `outbox/delivering.py: _send`, the mark before the mail, a mail
per kill would be lost. (What ends the lease of a dead worker is tried in 02.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from releveur.clock.machine import MachineNow
from releveur.outbox.models import Mail
from tests.faults.outbox import many_mails, sending_worker
from tests.faults.processes import Process
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

MAILS = 500
KILLED_AFTER = (7, 50, 123, 250, 411)


def test_five_kills_lose_no_mail_and_double_one_each_at_most(
    post: Sink, record_property: Callable[[str, object], None]
) -> None:
    many_mails(MAILS)
    for number in KILLED_AFTER:
        with sending_worker(post) as worker:
            kill = partial(_kills, number, worker, post)
            if number % 2:
                post.after = kill
            else:
                post.before = kill
            assert worker.ends() != 0
        post.before = post.after = lambda: None
        _the_lease_of_the_dead_ends()
    with sending_worker(post) as worker:
        assert worker.ends() == 0

    arrived = Counter(str(message["Message-ID"]) for message in post.messages)
    owed = set(Mail.objects.values_list("message_id", flat=True))
    assert set(arrived) == owed, "none lost, none invented"
    assert sum(arrived.values()) <= MAILS + len(KILLED_AFTER)
    record_property("mails", MAILS)
    record_property("kills", len(KILLED_AFTER))
    record_property("lost", 0)
    record_property("sent twice", sum(arrived.values()) - MAILS)
    assert Mail.objects.filter(state=Mail.State.SENT).count() == MAILS


class _NotKept(Exception):
    """The mail server was given the mail and did not take it."""


def _kills(mails: int, worker: Process, post: Sink) -> None:
    """After an odd number of mails, with the next one kept; else before it is."""
    if len(post.messages) >= mails:
        worker.kill()
        if mails % 2 == 0:
            raise _NotKept


def _the_lease_of_the_dead_ends() -> None:
    Mail.objects.filter(state=Mail.State.OWED).exclude(lease=None).update(lease_until=MachineNow())
