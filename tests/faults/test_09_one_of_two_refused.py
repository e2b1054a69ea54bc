"""Of two people asked for the same devices, one is refused by the mail server: the other has her mail
and gets it once, however often the refused one is tried.

A campaign asks two persons; a real mail server refuses one of them, for now and then for good.

Without a row for each person (`campaigns/mailing.py: _write` makes one mail per notice) the whole
mail would be sent again to both.
"""

from __future__ import annotations

from functools import partial

import pytest

from releveur.campaigns import mailing
from releveur.outbox import delivering
from releveur.outbox.models import Mail
from tests import sink
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device

pytestmark = pytest.mark.django_db


def _to_the_second(reply: str, to: str) -> str | None:
    return reply if to.startswith("b@") else None


def test_who_has_her_mail_gets_no_second_one() -> None:
    a_dealer()
    customer = a_customer()
    a_contact(customer, email="a@gramont.example")
    a_contact(customer, email="b@gramont.example")
    a_device(customer)
    a_campaign()
    mailing.write_due(now=OPENED)
    with sink.listening() as post:
        for reply in ("450 later", "450 later", "550 nobody"):
            post.replies = partial(_to_the_second, reply)
            delivering.deliver_due(now=OPENED, server=post.server)
            Mail.objects.update(next_try_at=None)
        assert post.to == ["a@gramont.example"]
    states = dict(Mail.objects.values_list("to", "state"))
    assert states == {"a@gramont.example": "SENT", "b@gramont.example": "FAILED"}
