"""Whoever has answered gets no reminder: not the one that was queued before, not even one that a worker
holds in its hands at that moment. Only what is on the wire already arrives.

A reminder is queued and its reader answers; then a worker has taken two reminders, talks to the mail
server about the first, and the second's reader answers meanwhile. The mail server is a real one. Every
other order is tried by the machine (`test_machine.py`).

Without `reminding.withhold_answered` in `campaigns/answering.py: answer` both reminders leave; without
`if not _still_mine(mail)` in `outbox/delivering.py: _send` the one in the worker's hands does; without
`asks and bool(letter.missing(rows))` in `campaigns/mailing.py: _owed` a notice not yet written is.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from releveur.campaigns import mailing, steps
from releveur.campaigns.models import DueReading, Invitation, Notice
from releveur.outbox import delivering
from releveur.outbox.models import Mail
from tests.factories import OPENED, a_reading, answers, the_mails_leave
from tests.faults.asked import asked, one_device_each, the_device
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

WEEK = timedelta(days=7)
LATER = OPENED + WEEK


def test_a_queued_reminder_is_taken_back_by_the_answer(post: Sink) -> None:
    invitation = asked()
    steps.take_due_steps(now=LATER)
    assert mailing.write_due(now=LATER) == 1

    answers(invitation, the_device(), mono=41_200, now=LATER)
    delivering.deliver_due(now=LATER, server=post.server)

    assert [str(mail["Subject"]) for mail in post.messages] == [receipt().subject]
    assert Notice.objects.get(what="REMINDED_1").withheld_at == LATER


def test_a_reminder_in_the_hands_of_a_worker_is_taken_back_too(post: Sink) -> None:
    campaign = one_device_each(2)
    the_mails_leave(now=OPENED)
    steps.take_due_steps(now=LATER)
    assert mailing.write_due(now=LATER) == 2
    second = Invitation.objects.get(campaign=campaign, contact__email="contact1@client.example")

    def alone() -> None:
        answers(second, the_device(1), mono=41_200, now=LATER)
        connection.close()

    def second_answers() -> None:
        post.before = lambda: None
        with ThreadPoolExecutor(1) as pool:
            pool.submit(alone).result(20)

    post.before = second_answers
    delivering.deliver_due(now=LATER, server=post.server)

    assert post.to == ["contact0@client.example", "contact1@client.example"]
    assert str(post.messages[1]["Subject"]) == receipt().subject, "the second is her receipt"


def test_a_notice_whose_reader_needs_none_any_more_is_never_written() -> None:
    asked()
    steps.take_due_steps(now=LATER)
    row = DueReading.objects.get()
    row.reading = a_reading(row.meter, LATER.date(), 41_000)
    row.save()

    assert mailing.write_due(now=LATER) == 0
    assert Notice.objects.get(what="REMINDED_1").withheld_at == LATER


def receipt() -> Mail:
    return Mail.objects.get(kind="receipt")
