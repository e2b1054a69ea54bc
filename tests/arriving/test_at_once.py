"""What arrived, under several workers at once, and in a dump of the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from releveur import postgres
from releveur.campaigns import mailing
from releveur.campaigns.models import Invitation
from releveur.ops import ticking
from releveur.outbox import delivering, inbox, return_path
from releveur.outbox.models import Arrived, Bounce, Mail
from tests import sink
from tests.arriving.letters import BOUNCES, a_bounce, a_reply
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device
from tests.stories.test_a_dump import KEY, disguises, dumped

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
def hers(settings: Any) -> Invitation:
    settings.RETURN_PATH = BOUNCES
    a_dealer()
    a_contact(customer := a_customer())
    a_device(customer)
    return Invitation.objects.get(campaign=a_campaign())


def at_once(verb: Any, times: int = 4) -> None:
    def alone() -> None:
        try:
            verb()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        for one in [pool.submit(alone) for _ in range(times)]:
            one.result(timeout=60)


def test_many_workers_keep_sort_and_tell_each_message_once(hers: Invitation) -> None:
    mailing.write_due(now=OPENED)
    Mail.objects.update(state="SENT", sent_at=OPENED)
    asking = Mail.objects.get()
    raws = [a_reply(f"Noir {number}", sender=f"a{number}@x.example") for number in range(12)]
    raws.append(a_bounce(asking, to=return_path.of(asking)))
    at_once(lambda: [inbox.receive(raw, now=OPENED) for raw in raws])
    assert Arrived.objects.count() == len(raws)
    at_once(lambda: ticking.take_in(now=OPENED + HOUR))
    at_once(lambda: ticking.take_in(now=OPENED + HOUR))
    assert not Arrived.objects.exclude(state="DONE").exists()
    assert Mail.objects.filter(kind="office").count() == 12 + 1 and Bounce.objects.count() == 1


def test_a_dump_of_what_arrived_opens_nothing(hers: Invitation, server: postgres.Server) -> None:
    mailing.write_due(now=OPENED)
    with sink.listening() as post:
        delivering.deliver_due(now=OPENED, server=post.server)
    [sent] = post.messages
    said = sent.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    keys = set(KEY.findall(said))
    assert keys
    asking = Mail.objects.get()
    quoted = "\n".join(f"> {line}" for line in said.splitlines())
    inbox.receive(a_reply(f"{quoted}\n\nNoir 41200", answers=asking), now=OPENED)
    key = keys.copy().pop()
    words = f"550 5.1.1 User unknown: see http://x.example/r/{key} and {'x' * 318}/r/{key}"
    inbox.receive(a_bounce(asking, to=return_path.of(asking), said=words), now=OPENED)
    ticking.take_in(now=OPENED + HOUR)
    assert Mail.objects.filter(kind="office").count() == 2
    dump = dumped(server)
    assert "User unknown" in dump and "41200" in dump
    assert not {key for key in keys if any(form in dump for form in disguises(key))}
    assert key[:12] not in dump, "nor a part of one, where words are cut"
