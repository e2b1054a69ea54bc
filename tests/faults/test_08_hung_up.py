"""A mail server that closes the conversation every hundred mails, as many do: the next mail begins
another one at once; nothing starts from zero, nothing is sent twice and nothing waits.

A real mail server hangs up after each hundredth mail.

Without `_HungUp` in `outbox/smtp.py: send` each mail that finds nobody there would wait thirty seconds
for its second try; without the new conversation in `_connect` all others would.
"""

from __future__ import annotations

from collections import Counter

import pytest

from releveur.outbox import delivering
from tests import sink
from tests.factories import OPENED
from tests.faults.outbox import many_mails

pytestmark = pytest.mark.django_db


def test_every_hundred_mails_another_conversation() -> None:
    with sink.listening() as post:
        many_mails(350)
        post.most = 100
        done = delivering.deliver_due(now=OPENED, server=post.server)
        assert (done.sent, done.left) == (350, 0)
        assert post.conversations == 4
        assert set(Counter(post.to).values()) == {1}
