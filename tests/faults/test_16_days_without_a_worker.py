"""After days without a worker, or with a mail server that nobody reached, a person gets one mail, the
latest that is due, never several at once; and the 48 hours promised after the third reminder are kept:
the deadline moves, and the mail says so.

The worker sleeps over two reminders, over the third one and three days more, and over the close; then the
worker runs and the mail server is away for three weeks, and comes back. Time is the test clock's, the mail
server a real one.

Without `max(due, default=0)` in `rules/schedule.py: due_step` the oldest reminder leaves instead of the
latest; without `_give_time` in `campaigns/reminding.py: owe` the campaign closes before the 48 hours;
without `waits_since` in `campaigns/reminding.py: _facts` the invitation and a reminder leave in the same minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from releveur.campaigns.models import Campaign, Invitation, Notice
from releveur.ops import ticking
from releveur.outbox.models import Mail
from releveur.rules.schedule import PARIS
from tests import sink
from tests.factories import DUE_ON, OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device
from tests.sink import Sink, a_free_port
from tests.stories.quarter import plain, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def post(settings: Settings) -> Iterator[Sink]:
    with sink.listening() as listening:
        settings.SMTP = {"host": listening.server.host, "port": listening.server.port}
        yield listening


@pytest.fixture(autouse=True)
def campaign() -> Campaign:
    """Reminders on 12, 19 and 26 April 2022 at 10:00; asked until 28 April, 18:00."""
    a_dealer()
    a_contact(customer := a_customer())
    a_device(customer, mono=39_684)
    return a_campaign(due_until=DUE_ON)


def april(day: int, hour: int = 10) -> datetime:
    return datetime(2022, 4, day, hour, tzinfo=PARIS)


def test_after_two_reminders_slept_through_the_latest_one_leaves_alone(post: Sink) -> None:
    ticking.tick(now=OPENED)
    for minute in range(5):
        ticking.tick(now=april(20) + timedelta(minutes=minute))

    assert whats() == ["INVITED", "REMINDED_2"]
    assert len(post.messages) == 2


def test_three_days_late_the_third_reminder_still_gives_48_hours(
    post: Sink, campaign: Campaign
) -> None:
    for day in (5, 12, 19):
        ticking.tick(now=april(day))
    back = april(29, 11)
    ticking.tick(now=back)

    assert whats()[3:] == ["REMINDED_3"] and len(post.messages) == 4
    deadline = Invitation.objects.get().asks_until
    assert deadline == datetime(2022, 5, 2, 18, tzinfo=PARIS), "Monday, after a weekend"
    assert "lundi 2 mai 2022 à 18 h" in plain(text(post.messages[-1]))
    ticking.tick(now=back + timedelta(hours=48))
    assert state(campaign) == "OPEN"
    ticking.tick(now=deadline + timedelta(minutes=10))
    assert state(campaign) == "CLOSED"


def test_a_worker_that_slept_over_the_close_closes_nobody_without_her_third_reminder(
    post: Sink, campaign: Campaign
) -> None:
    for day in (5, 12, 19):
        ticking.tick(now=april(day))
    ticking.tick(now=datetime(2022, 5, 9, 10, tzinfo=PARIS))

    assert state(campaign) == "OPEN"
    assert whats()[3:] == ["REMINDED_3"]


def test_a_mail_server_away_for_three_weeks_finds_one_mail_a_person(
    post: Sink, settings: Settings, campaign: Campaign
) -> None:
    reached = settings.SMTP
    settings.SMTP = {"host": "127.0.0.1", "port": a_free_port()}
    for day in range(5, 27):
        ticking.tick(now=april(day))
    assert whats() == ["INVITED"] and not post.messages

    settings.SMTP = reached
    Mail.objects.update(next_try_at=None)
    for minute in range(5):
        ticking.tick(now=april(26, 12) + timedelta(minutes=minute))
    assert len(post.messages) == 1
    ticking.tick(now=april(29, 13))
    assert whats() == ["INVITED", "REMINDED_3"], "72 hours later, the latest one"


def whats() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("what", flat=True))


def state(campaign: Campaign) -> str:
    return Campaign.objects.values_list("state", flat=True).get(pk=campaign.pk)
