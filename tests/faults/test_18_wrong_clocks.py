"""A worker on a machine whose clock is hours wrong sends no mail twice, takes no mail out of another
worker's hands, leaves none lying, and reminds nobody twice.

Real workers under `faketime`, two hours ahead or behind: one delivers beside a worker that talks to the
mail server at that moment, one finds the mail of a worker that died, both do what is due after one another
in real time. A campaign of January 2038 lives past the second in which 32-bit clocks end.

Without `MachineNow()` in `outbox/delivering.py: _lease`, where the worker's own clock would stand instead,
the worker that is ahead sends what another is sending, and the one behind leaves the dead one's mail.
Without `number > facts.reminded` in `rules/schedule.py: due_step` and the rest after her last mail there
(`_may_write`) both owe the reminder, and only the database refuses the second; either alone holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Event

import pytest
from django.db import connection
from pytest_django import Settings

from releveur import clock
from releveur.campaigns import mailing, steps
from releveur.campaigns.models import Campaign, Invitation, Notice
from releveur.clock.machine import MachineNow
from releveur.ops import ticking
from releveur.outbox import delivering
from releveur.outbox.models import Mail
from releveur.outbox.smtp import Server
from releveur.rules.schedule import PARIS
from tests import sink
from tests.factories import OPENED, a_campaign, the_mails_leave
from tests.faults.asked import asked, one_device_each
from tests.faults.processes import environment, faketime, python, started
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

DELIVER = """
from releveur import clock
from releveur.outbox import delivering
print("sent", delivering.deliver_due(now=clock.now()).sent)
"""
TICK = """
from releveur import clock
from releveur.ops import ticking
print("reminders", ticking.tick(now=clock.now()).reminders)
"""


@pytest.fixture
def post(settings: Settings) -> Iterator[Sink]:
    with sink.listening() as listening:
        settings.SMTP = {"host": listening.server.host, "port": listening.server.port}
        yield listening


def worker(code: str, post: Sink, *, wrong_by: str, **knobs: str) -> str:
    """The last line of a worker whose clock is wrong."""
    url = f"smtp://{post.server.host}:{post.server.port}"
    env = environment(RELEVEUR_SMTP_URL=url, **knobs)
    with started(*faketime(wrong_by, *python(code)), env=env) as process:
        assert process.ends() == 0, process.said
        return process.lines[-1]


def a_mail_owed() -> Mail:
    one_device_each(1)
    mailing.write_due(now=OPENED)
    return Mail.objects.get()


def test_a_worker_two_hours_ahead_takes_nothing_out_of_anothers_hands(post: Sink) -> None:
    a_mail_owed()
    talking, go_on = Event(), Event()

    def hold() -> None:
        talking.set()
        go_on.wait(60)

    def deliver() -> int:
        try:
            return delivering.deliver_due(now=OPENED, server=patient(post)).sent
        finally:
            connection.close()

    post.before = hold
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(deliver)
        assert talking.wait(60)
        assert worker(DELIVER, post, wrong_by="+2h") == "sent 0"
        go_on.set()
        assert first.result(60) == 1
    assert len(post.messages) == 1


def test_a_worker_two_hours_behind_sends_what_a_dead_one_left(post: Sink) -> None:
    mail = a_mail_owed()
    lapsed = MachineNow() - timedelta(minutes=1)
    Mail.objects.filter(pk=mail.pk).update(lease_until=lapsed)
    assert worker(DELIVER, post, wrong_by="-2h") == "sent 1"


@pytest.mark.parametrize("wrong_by", ["+2h", "-2h"])
def test_two_workers_whose_clocks_disagree_remind_once(post: Sink, wrong_by: str) -> None:
    invitation = asked()
    monday = datetime(2026, 11, 23, 12, tzinfo=PARIS)
    Invitation.objects.filter(pk=invitation.pk).update(
        invited_at=monday - timedelta(days=8), reminder_1_at=monday - timedelta(days=1),
        reminder_2_at=monday + timedelta(days=7), reminder_3_at=monday + timedelta(days=14),
        asks_until=monday + timedelta(days=21),
    )  # fmt: skip
    Notice.objects.update(owed_at=monday - timedelta(days=8))
    Mail.objects.update(sent_at=monday - timedelta(days=8))
    clock.set(monday)
    right = ticking.tick(now=monday).reminders
    wrong = steps.take_due_steps(now=shifted(monday, wrong_by)).reminders
    assert (right, wrong) == (1, 0)
    assert worker(TICK, post, wrong_by=wrong_by) == "reminders 0"


def test_a_campaign_over_the_end_of_32_bit_clocks(post: Sink) -> None:
    asked()
    Campaign.objects.update(state=Campaign.State.SIGNED, signed_at=OPENED, signed_by="Mme Roy")
    opened = datetime(2038, 1, 5, 10, tzinfo=PARIS)
    campaign = a_campaign(due_until=date(2038, 1, 5), now=opened)
    the_mails_leave(now=opened)
    for week in (1, 2, 3):
        assert ticking.tick(now=opened + timedelta(weeks=week)).reminders == 1
    closes = Invitation.objects.get(campaign=campaign).asks_until
    assert closes > datetime(2038, 1, 19, 3, 14, 8, tzinfo=PARIS)
    assert ticking.tick(now=closes + timedelta(minutes=10)).closed == 1


def patient(post: Sink) -> Server:
    return Server(post.server.host, post.server.port)


def shifted(instant: datetime, by: str) -> datetime:
    return instant + timedelta(hours=int(by.removesuffix("h")))
