"""A mail server that takes two seconds a mail, and ten thousand mails waiting: codes and receipts leave
within ten seconds all the same, the campaign is never called finished, and the desk says how many mails a
minute leave and how long the rest will take.

A real worker with its lanes sends to a slow server; in the middle somebody asks for a code. Steps of
campaigns go on meanwhile.

Without the lane of its own in `outbox/tasks.py` (`URGENT`) the code would wait until a lane has sent the
ten mails it had leased: twenty seconds; without `priority__gt=0` in `outbox/delivering.py: _lease` that lane
would be as busy as the others.
"""

from __future__ import annotations

import time

import pytest

from releveur.campaigns import mailing
from releveur.campaigns.models import Campaign
from releveur.campaigns.status import status
from releveur.outbox.models import Mail
from releveur.outbox.progress import progress
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device
from tests.faults import processes
from tests.faults.outbox import many_mails, to
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

MAILS = 10_000


def test_a_code_overtakes_ten_thousand_mails(post: Sink) -> None:
    many_mails(MAILS)
    post.slow = 2
    env = processes.environment(**to(post))
    with processes.started(*processes.releveur("work"), env=env) as worker:
        processes.until(lambda: len(post.messages) >= 2, what="the lanes' first mails")
        [code] = many_mails(1, priority=100, domain="code.example")
        asked_at = time.monotonic()
        processes.until(lambda: code.to in post.to, what="the code")
        assert time.monotonic() - asked_at < 10
        assert worker.stop(seconds=20) == 0
    told = progress()
    assert told["owed"] > MAILS - 100
    assert told["minutes_left"], "and says when it will be done"


def test_a_campaign_whose_mails_wait_is_not_finished(post: Sink) -> None:
    a_dealer()
    a_contact(customer := a_customer())
    a_device(customer)
    campaign = a_campaign()
    mailing.write_due(now=OPENED)
    many_mails(3)
    mails = status(campaign, now=OPENED)["mails"]
    assert isinstance(mails, dict)
    assert (mails["owed"], mails["minutes_left"]) == (1, None), "nothing left yet: nobody can tell"
    assert Campaign.objects.get().state == Campaign.State.OPEN
    assert Mail.objects.filter(state=Mail.State.OWED).count() == 4
