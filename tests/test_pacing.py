from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import F

from releveur.clock.machine import MachineNow
from releveur.outbox import delivering, pacing
from releveur.outbox.delivering import Delivered
from releveur.outbox.models import Mail, Pace
from releveur.outbox.progress import progress
from tests.factories import OPENED
from tests.sink import Sink
from tests.test_delivering import a_mail

pytestmark = pytest.mark.django_db


def delivered(post: Sink, *, urgent: bool = False) -> Delivered:
    return delivering.deliver_due(now=OPENED, server=post.server, urgent=urgent)


def some_time_passes(span: timedelta) -> None:
    """As if all that left had left earlier."""
    Mail.objects.exclude(handed_at=None).update(handed_at=F("handed_at") - span)


def test_a_minutes_mails_leave_a_sixth_at_a_time(post: Sink, settings: Any) -> None:
    settings.MAILS_A_MINUTE = 12
    for _ in range(15):
        a_mail()
    assert delivered(post) == Delivered(sent=2, left=13)
    assert delivered(post).sent == 0, "ten seconds have not passed"
    some_time_passes(timedelta(seconds=11))
    assert delivered(post).sent == 2


def test_no_minute_has_more_than_its_mails(post: Sink, settings: Any) -> None:
    settings.MAILS_A_MINUTE = 2
    for _ in range(3):
        a_mail()
    assert delivered(post).sent == 1
    some_time_passes(timedelta(seconds=30))
    assert delivered(post).sent == 1
    some_time_passes(timedelta(seconds=11))
    assert delivered(post).sent == 0
    some_time_passes(timedelta(seconds=30))
    assert delivered(post).sent == 1


def test_a_domain_that_is_full_holds_up_no_other(post: Sink, settings: Any) -> None:
    settings.MAILS_A_MINUTE_TO_A_DOMAIN = 12
    for n in range(8):
        a_mail(f"{n}@Big.example")
    a_mail("a@small.example")
    assert delivered(post) == Delivered(sent=3, left=6)
    assert Counter(to.rpartition("@")[2].lower() for to in post.to) == {
        "big.example": 2,
        "small.example": 1,
    }


def test_what_others_have_leased_counts(post: Sink, settings: Any) -> None:
    settings.MAILS_A_MINUTE = 12
    for _ in range(4):
        a_mail()
    Mail.objects.filter(pk__in=Mail.objects.values("pk")[:2]).update(
        lease=uuid4(), lease_until=MachineNow() + timedelta(minutes=1)
    )
    assert delivered(post).sent == 0


def test_a_day_has_its_most(post: Sink, settings: Any) -> None:
    settings.MAILS_A_DAY = 3
    for _ in range(5):
        a_mail()
    assert delivered(post) == Delivered(sent=3, left=2)
    assert delivered(post).sent == 0
    assert progress()["most_in_24_hours"] == progress()["last_24_hours"] == 3
    some_time_passes(timedelta(days=1))
    assert delivered(post).sent == 2


def test_a_receiver_that_says_too_many_is_written_to_at_half_the_pace(post: Sink) -> None:
    for _ in range(6):
        a_mail("a@big.example")
    assert delivered(post).sent == 6
    post.replies = lambda to: "450 4.2.1 Too many messages" if "big" in to else None
    a_mail("b@big.example")
    assert delivered(post) == Delivered(left=1)
    pace = Pace.objects.get()
    assert (pace.domain, pace.a_minute, pace.one_by_one) == ("big.example", 3, False)

    post.replies = lambda _to: None
    Mail.objects.filter(state=Mail.State.OWED).update(next_try_at=None)
    a_mail("c@small.example")
    delivered(post)
    assert post.to[6:] == ["c@small.example"]
    Pace.objects.update(until=MachineNow())
    assert delivered(post).sent == 1


def test_a_server_that_says_too_many_is_left_alone_for_a_moment(post: Sink) -> None:
    post.replies = lambda _to: "421 4.3.2 Service busy"
    first, second = a_mail(), a_mail()
    assert delivered(post) == Delivered(left=2)
    assert Pace.objects.get().domain == ""
    second.refresh_from_db()
    assert (second.attempts, second.lease) == (0, None), "the others were not tried"
    first.refresh_from_db()
    assert first.next_try_at


def test_a_server_that_wants_one_conversation_gets_one(post: Sink) -> None:
    post.replies = lambda _to: "432 4.3.2 Concurrent connections limit exceeded"
    a_mail()
    delivered(post)
    Pace.objects.update(a_minute=60)
    Mail.objects.update(next_try_at=None)
    [leased, _other] = [a_mail(), a_mail()]
    Mail.objects.filter(pk=leased.pk).update(
        lease=uuid4(), lease_until=MachineNow() + timedelta(minutes=1)
    )
    post.replies = lambda _to: None
    assert delivered(post).sent == 0, "another conversation goes on"
    Mail.objects.filter(pk=leased.pk).update(lease=None, lease_until=None)
    assert delivered(post).sent == 3


def test_the_same_moments_replies_slow_down_once() -> None:
    Pace.objects.create(
        domain="b.example",
        a_minute=8,
        since=MachineNow() - timedelta(minutes=1),
        until=MachineNow() + timedelta(minutes=1),
    )
    pacing.slow_down("b.example")
    pacing.slow_down("b.example")
    assert Pace.objects.get().a_minute == 4


def test_urgent_mails_do_not_wait_for_the_others(post: Sink) -> None:
    a_mail("later@b.example")
    a_mail("code@b.example", priority=100)
    assert delivered(post, urgent=True) == Delivered(sent=1, left=1)
    assert post.to == ["code@b.example"]


def test_whoever_is_told_to_end_gives_back_what_it_has_not_sent(post: Sink) -> None:
    for _ in range(3):
        a_mail()
    done = delivering.deliver_due(now=OPENED, server=post.server, stop=lambda: len(post.to) == 1)
    assert done == Delivered(sent=1, left=2)
    assert not Mail.objects.exclude(lease=None).exists()


def test_the_progress_says_how_long_it_takes(post: Sink) -> None:
    assert (progress()["owed"], progress()["minutes_left"]) == (0, 0)
    a_mail()
    assert progress()["minutes_left"] is None, "nobody can tell"
    for _ in range(9):
        a_mail()
    delivered(post)
    for _ in range(5):
        a_mail()
    told = progress()
    assert (told["owed"], told["a_minute"], told["minutes_left"]) == (5, 2.0, 3)
