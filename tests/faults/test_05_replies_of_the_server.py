"""What a mail server refuses for now is tried again, later and later, and slower where it says « too
many »; what it refuses for good is a task of the office, with the address and the server's words.

A real mail server gives the replies; the waits are read from the database's clock.

Without `_put_off` for 4xx in `outbox/delivering.py: _send` the mail would have failed at the first
greylisting; without `TRIES_AFTER` it would be tried in a loop; without `pacing.slow_down` the next mail
would follow at full pace; without `_refused` in `campaigns/office.py: tasks` nobody would know whom to call.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from releveur.campaigns import mailing
from releveur.campaigns.status import status
from releveur.clock.machine import MachineNow
from releveur.outbox import delivering
from releveur.outbox.models import Mail, Pace
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device
from tests.faults.outbox import many_mails
from tests.sink import Sink

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WAITS = (timedelta(seconds=30), 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 6 * HOUR)


@pytest.mark.parametrize(
    "reply", ["421 4.3.0 busy", "450 4.2.0 greylisted", "451 4.3.0 local", "452 4.2.2 full"]
)
def test_refused_for_now_it_is_tried_later_and_later(post: Sink, reply: str) -> None:
    many_mails(1)
    post.replies = lambda _to: reply
    for wait in WAITS:
        Mail.objects.update(next_try_at=None)
        Pace.objects.all().delete()
        delivering.deliver_due(now=OPENED, server=post.server)
        assert Mail.objects.filter(
            state=Mail.State.OWED,
            smtp_reply=reply,
            next_try_at__gt=MachineNow() + wait - timedelta(seconds=5),
            next_try_at__lte=MachineNow() + wait * 1.2,
        ).exists(), f"after {wait}, and a fifth at most on top"
    post.replies = lambda _to: None
    Mail.objects.update(next_try_at=None)
    Pace.objects.all().delete()
    assert delivering.deliver_due(now=OPENED, server=post.server).sent == 1


@pytest.mark.parametrize(
    "reply", ["550 5.1.1 User unknown", "552 5.2.2 Mailbox full", "554 5.7.1 no"]
)
def test_refused_for_good_it_is_a_task_of_the_office(post: Sink, reply: str) -> None:
    a_dealer()
    a_contact(customer := a_customer(), email="parti@gramont.example")
    a_device(customer)
    campaign = a_campaign()
    mailing.write_due(now=OPENED)
    post.replies = lambda _to: reply
    assert delivering.deliver_due(now=OPENED, server=post.server).failed == 1

    told = status(campaign, now=OPENED)
    assert told["mails"]["failed"] == 1  # type: ignore[index]
    tasks = [task for task in told["tasks"] if "parti@gramont.example" in str(task)]  # type: ignore[attr-defined]
    assert len(tasks) == 1 and reply in str(tasks), "the address, and the server's words"


def test_too_many_lowers_the_pace_of_that_domain_only(post: Sink) -> None:
    many_mails(8, domain="big.example")
    delivering.deliver_due(now=OPENED, server=post.server)
    many_mails(2, domain="big.example")
    post.replies = lambda to: "450 4.2.1 Too many requests" if "big" in to else None
    many_mails(5, domain="small.example")
    done = delivering.deliver_due(now=OPENED, server=post.server)
    assert (done.sent, done.left) == (5, 2)
    assert [(pace.domain, pace.a_minute) for pace in Pace.objects.all()] == [("big.example", 4)]


def test_a_server_that_wants_one_conversation_gets_one(post: Sink) -> None:
    many_mails(3)
    post.replies = lambda _to: "432 4.3.2 Concurrent connections limit exceeded"
    delivering.deliver_due(now=OPENED, server=post.server)
    assert Pace.objects.get().one_by_one
    assert Mail.objects.filter(attempts=0).count() == 2, "the others were not even tried"
