from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from releveur.clock.machine import MachineNow
from releveur.outbox import composing, delivering
from releveur.outbox.delivering import Delivered
from releveur.outbox.models import Mail
from releveur.outbox.smtp import Line, Server
from tests import sink
from tests.factories import OPENED
from tests.sink import Sink

pytestmark = pytest.mark.django_db


def a_mail(to: str = "a@b.example", *, priority: int = 0) -> Mail:
    return Mail.objects.create(
        to=to,
        language="fr",
        kind="invitation",
        priority=priority,
        sender="Bureautique Lafayette <releves@lafayette.example>",
        reply_to="releves@lafayette.example",
        subject="Relevé compteurs",
        text="Bonjour,\n.\n",
        html="<p>Bonjour,</p>",
        message_id=f"<{uuid4().hex}@bureautique-lafayette-de-paris-et-sa-region.example>",
        owed_at=OPENED,
    )


def delivered(post: Sink) -> Delivered:
    return delivering.deliver_due(now=OPENED, server=post.server)


def test_a_mail_owed_leaves_once(post: Sink) -> None:
    mail = a_mail()
    assert delivered(post) == Delivered(sent=1)
    assert delivered(post) == Delivered()
    mail.refresh_from_db()
    assert (mail.state, mail.sent_at) == (Mail.State.SENT, OPENED)
    assert [message["Message-ID"] for message in post.messages] == [mail.message_id]


def test_many_mails_share_one_conversation_the_urgent_first(post: Sink) -> None:
    a_mail("later@b.example")
    a_mail("first@b.example", priority=10)
    delivered(post)
    assert (post.to, post.conversations) == (["first@b.example", "later@b.example"], 1)


def test_a_mail_refused_for_good_fails_with_the_servers_words(post: Sink) -> None:
    post.replies = lambda to: "550 no such person" if to == "x@b.example" else None
    refused, _other = a_mail("x@b.example"), a_mail()
    assert delivered(post) == Delivered(sent=1, failed=1)
    refused.refresh_from_db()
    assert (refused.state, refused.smtp_reply) == (Mail.State.FAILED, "550 no such person")


def test_a_mail_put_off_is_tried_again_later_by_the_machines_clock(post: Sink) -> None:
    post.replies = lambda _to: "451 come back"
    mail = a_mail()
    assert delivered(post) == Delivered(left=1)
    assert Mail.objects.filter(next_try_at__gt=MachineNow() + timedelta(seconds=25)).exists()
    assert delivering.deliver_due(now=OPENED + timedelta(days=9), server=post.server).left == 1
    post.replies = lambda _to: None
    Mail.objects.update(next_try_at=MachineNow())
    assert delivered(post).sent == 1
    mail.refresh_from_db()
    assert mail.attempts == 2


@pytest.mark.parametrize("fault", ["drops", "stalls"])
def test_a_conversation_that_breaks_off_harms_only_one_mail(post: Sink, fault: str) -> None:
    getattr(post, fault).add("x@b.example")
    a_mail("x@b.example")
    a_mail()
    assert delivered(post) == Delivered(sent=1, left=1)
    assert post.to == ["a@b.example"]


def test_a_server_that_is_down_costs_no_try() -> None:
    mail = a_mail()
    nobody = Server("127.0.0.1", sink.a_free_port(), connect_seconds=1)
    assert delivering.deliver_due(now=OPENED, server=nobody) == Delivered(left=1)
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.lease) == (Mail.State.OWED, 0, None)


def test_what_another_worker_has_leased_is_left_to_it_until_the_lease_ends(post: Sink) -> None:
    a_mail()
    Mail.objects.update(lease=uuid4(), lease_until=MachineNow() + timedelta(minutes=1))
    assert delivered(post) == Delivered(left=1)
    Mail.objects.update(lease_until=MachineNow() - timedelta(seconds=1))
    assert delivered(post) == Delivered(sent=1)


def test_a_mail_withheld_after_it_was_leased_does_not_leave(post: Sink) -> None:
    leased = delivering._lease(10)  # noqa: SLF001  # the instant between lease and send
    assert leased == []
    mail = a_mail()
    [leased_mail] = delivering._lease(10)  # noqa: SLF001  # as above
    Mail.objects.filter(pk=mail.pk).update(state=Mail.State.WITHHELD)
    with Line(post.server) as line:
        state = delivering._send(leased_mail, line, OPENED)  # noqa: SLF001  # as above
    assert (state, post.messages) == (Mail.State.WITHHELD, [])


def test_a_mail_that_no_message_can_hold_fails_alone(post: Sink) -> None:
    Mail.objects.filter(pk=a_mail().pk).update(subject="x\nBcc: y@z.example")
    a_mail("é@b.example")
    a_mail("ok@épicerie.example")
    assert delivered(post) == Delivered(sent=1, failed=2)
    assert post.to == ["ok@xn--picerie-9xa.example"]


def with_copies(*addresses: str) -> Mail:
    mail = a_mail()
    mail.copy_to = ",".join(addresses)
    mail.save(update_fields=["copy_to"])
    return mail


def test_a_copy_is_named_in_the_mail_and_leaves_with_it(post: Sink) -> None:
    with_copies("c@b.example", "C@b.example", "a@b.example", "d@épicerie.example")
    assert delivered(post) == Delivered(sent=1)
    assert post.copies == ["c@b.example", "d@xn--picerie-9xa.example"], (
        "each once, the person never"
    )
    assert post.messages[0]["Cc"] == "c@b.example, d@xn--picerie-9xa.example"


@pytest.mark.parametrize("reply", ["550 no such person", "451 come back", "421 go away", ""])
def test_a_refused_copy_neither_holds_up_nor_fails_the_mail(post: Sink, reply: str) -> None:
    post.no_copies = {"c@b.example": reply}
    with_copies("c@b.example")
    a_mail("next@b.example")
    assert delivered(post) == Delivered(sent=2)
    assert post.to == ["a@b.example", "next@b.example"]


@pytest.mark.parametrize(
    "copy", ["", ",", "nobody", "é@b.example", "x@", "a b@c.example", "x\ny@z.example"]
)
def test_a_copy_to_nobody_is_left_out(post: Sink, copy: str) -> None:
    with_copies(copy, "c@b.example")
    assert delivered(post) == Delivered(sent=1)
    assert post.copies == ["c@b.example"]


def test_when_the_person_is_refused_nobody_gets_a_copy(post: Sink) -> None:
    post.no_copies = {"a@b.example": "451 come back"}
    with_copies("c@b.example")
    assert delivered(post) == Delivered(left=1)
    assert post.messages == []
    post.no_copies = {"a@b.example": "550 no such person"}
    Mail.objects.update(next_try_at=None)
    assert delivered(post) == Delivered(failed=1)


def test_a_mail_says_that_a_machine_wrote_it_and_whom_to_answer() -> None:
    mail = a_mail()
    mail.in_reply_to = "<1@lafayette.example>"
    message = composing.compose(mail, date=OPENED).decode()
    for header in (
        f"Message-ID: {mail.message_id}\r\n",
        "In-Reply-To: <1@lafayette.example>\r\n",
        "References: <1@lafayette.example>\r\n",
        "Reply-To: releves@lafayette.example\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "X-Auto-Response-Suppress: All\r\n",
        "Date: Tue, 05 Apr 2022 10:00:00 +0200\r\n",
    ):
        assert header in message
    assert max(map(len, message.splitlines())) < 998
