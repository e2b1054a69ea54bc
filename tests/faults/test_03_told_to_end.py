"""An upgrade in the middle of a campaign: told to end, the worker finishes the mail in hand within ten
seconds and ends with exit code 0; the worker that starts next goes on at once, with nothing to wait for.

A real worker (`releveur work`) sends to a slow mail server and gets SIGTERM after its third mail; a
second one is started.

Without `stop=context.should_abort` in `outbox/tasks.py: deliver` it would go on until the last mail;
without the release of the lease there (`except _Enough` in `outbox/delivering.py: deliver_due`) the next
worker would wait five minutes for the rest.
"""

from __future__ import annotations

import time
from collections import Counter

import pytest

from releveur.outbox.models import Mail
from tests.faults import processes
from tests.faults.outbox import many_mails, to
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

MAILS = 60


def test_it_ends_between_two_mails_and_the_next_one_goes_on(post: Sink) -> None:
    many_mails(MAILS)
    post.slow = 0.3
    env = processes.environment(**to(post))
    with processes.started(*processes.releveur("work"), env=env) as worker:
        processes.until(lambda: len(post.messages) >= 3, what="the third mail")
        told_at = time.monotonic()
        assert worker.stop(seconds=20) == 0
        assert time.monotonic() - told_at < 10
    gone = len(post.messages)
    assert gone < MAILS, "the rest was not sent"
    assert not Mail.objects.exclude(lease=None).exists(), "and is free for others"
    assert Mail.objects.filter(state=Mail.State.SENT).count() == gone

    post.slow = 0
    with processes.started(*processes.releveur("work"), env=env):
        processes.until(lambda: len(post.messages) >= MAILS, what="the last mail")
        processes.until(lambda: not Mail.objects.filter(state=Mail.State.OWED).exists())
    assert set(Counter(str(one["Message-ID"]) for one in post.messages).values()) == {1}
