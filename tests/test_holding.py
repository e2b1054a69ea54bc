"""The hold, fact by fact; what an installation lives through is in faults/test_17."""

from __future__ import annotations

import logging
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from releveur.ops import ticking
from releveur.outbox import delivering, holding
from releveur.outbox.models import Hold
from tests.factories import OPENED
from tests.sink import Sink
from tests.test_delivering import a_mail

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_data_folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.TEST_CLOCK = False


def test_the_sender_itself_asks_whether_anything_may_leave(post: Sink) -> None:
    a_mail()
    holding.hold(Hold.Why.RESTORED)
    assert delivering.deliver_due(now=OPENED, server=post.server).left == 1
    assert post.messages == []
    holding.confirm()
    assert delivering.deliver_due(now=OPENED, server=post.server).sent == 1


def test_asking_costs_one_query() -> None:
    holding.beat()
    with CaptureQueriesContext(connection) as asked:
        assert holding.why() is None
    assert len(asked) == 1


def test_a_database_that_knows_less_than_this_machine_has_seen_is_held(
    django_capture_on_commit_callbacks: object,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # untyped fixture
        for _tick in range(3):
            holding.beat()
    assert holding.why() is None
    Hold.objects.update(ticks=1)
    assert holding.why() == Hold.Why.REWOUND
    holding.beat()
    holding.beat()
    assert holding.why() == Hold.Why.REWOUND, "ticks that catch up change nothing"


def test_an_emptied_database_begins_anew(django_capture_on_commit_callbacks: object) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # as above
        holding.beat()
        holding.beat()
        Hold.objects.all().delete()
        holding.beat()
    assert holding.why() is None


def test_a_machine_that_joins_under_another_name_holds_itself_and_not_the_others(
    settings: Settings,
) -> None:
    holding.beat()
    ours = settings.INSTALLATION
    settings.INSTALLATION = uuid4().hex
    assert ticking.tick(now=OPENED) == ticking.Ticked()
    assert holding.why() == Hold.Why.CLONED
    settings.INSTALLATION = ours
    assert holding.why() is None


def test_the_demonstration_is_never_held(settings: Settings) -> None:
    holding.hold(Hold.Why.ASLEEP)
    settings.DEMO = True
    assert holding.why() is None


def test_the_log_says_it_once_a_minute_at_most(caplog: pytest.LogCaptureFixture) -> None:
    holding.hold(Hold.Why.RESTORED)
    holding._said.at = -holding.SAID_EVERY_SECONDS  # noqa: SLF001  # as when the process began
    with caplog.at_level(logging.WARNING):
        assert holding.is_on() and holding.is_on()
    assert len(caplog.records) == 1
