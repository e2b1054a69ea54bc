"""A worker that dies between the mail server's « 250 OK » and the moment it writes that down: the mail
is sent once more when its lease ends, five minutes later and not an hour, with the same Message-ID.

The mail server has kept the mail and kills the worker before it answers. Until the lease ends nobody
touches the mail; then the next worker sends it, once.

Without the lease's end in `outbox/delivering.py: _lease` (`lease_until__lt=MachineNow()`) the mail would
be owed for ever; without the lease itself (`free`) a second worker would send it at once, as many times
as there are workers.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from releveur.clock.machine import MachineNow
from releveur.outbox import delivering
from releveur.outbox.models import Mail
from tests.faults.outbox import many_mails, sending_worker
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_mail_in_the_window_is_sent_once_more_when_its_lease_ends(post: Sink) -> None:
    [mail] = many_mails(1)
    with sending_worker(post) as worker:
        post.after = worker.kill
        assert worker.ends() != 0
    post.after = lambda: None

    mail.refresh_from_db()
    assert mail.state == Mail.State.OWED, "nobody wrote down that it left"
    lease = Mail.objects.filter(lease_until__gt=MachineNow() + timedelta(minutes=2))
    assert lease.filter(lease_until__lt=MachineNow() + timedelta(minutes=5)).exists()
    with sending_worker(post) as another:
        assert another.ends() == 0
    assert len(post.messages) == 1, "it is another's until the lease ends"

    Mail.objects.update(lease_until=F("lease_until") - delivering.LEASE)
    with sending_worker(post) as another:
        assert another.ends() == 0
    assert [message["Message-ID"] for message in post.messages] == [mail.message_id] * 2
    mail.refresh_from_db()
    assert mail.state == Mail.State.SENT
