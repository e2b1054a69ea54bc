"""What a load balancer, a monitor and Prometheus are told, and what they are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from releveur.ops.doctor import at_work
from releveur.outbox import holding
from releveur.outbox.models import Hold
from tests.test_delivering import a_mail

pytestmark = pytest.mark.django_db

SECRET = "it-opens-the-numbers"


@pytest.fixture(autouse=True)
def working(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    holding.beat()


def readings(client: Client) -> tuple[int, dict[str, dict[str, object]]]:
    answer = client.get("/health/ready")
    return answer.status_code, answer.json()["checks"]


def test_alive_needs_no_database(client: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/health/live")
    assert (answer.status_code, answer.json(), len(asked)) == (200, {"alive": True}, 0)


def test_ready_says_each_reading_and_is_kept_by_nobody(client: Client) -> None:
    a_mail("alexandra@gramont.example")
    answer = client.get("/health/ready")
    assert list(answer.json()["checks"]) == [check.name for check in at_work.READY]
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies
    assert "gramont" not in answer.text


@pytest.mark.parametrize(
    ("spoilt", "check"),
    [
        ("update outbox_hold set ticked_at = clock_timestamp() - interval '6 minutes'", "tick"),
        ("update outbox_hold set why = 'RESTORED'", "hold"),
        ("delete from django_migrations where app = 'dealer'", "migrations"),
    ],
)
def test_ready_is_red_for_each_thing_that_is_wrong(client: Client, spoilt: str, check: str) -> None:
    assert readings(client)[0] == 200
    with connection.cursor() as cursor:
        cursor.execute(spoilt)
    status, found = readings(client)
    assert status == 503
    assert [name for name, said in found.items() if not said["ok"]] == [check]


def test_ready_is_red_before_the_disk_is_full(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_work, "LEAST_FREE_SHARE", 1.1)
    status, found = readings(client)
    assert status == 503 and not found["disk"]["ok"]


def test_a_mail_that_waits_for_long_is_red(client: Client) -> None:
    mail = a_mail()
    assert not readings(client)[1]["oldest_mail"]["ok"]
    mail.delete()
    assert readings(client)[1]["oldest_mail"]["ok"]


def test_numbers_are_off_unless_asked_for(client: Client, settings: Settings) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS = True
    assert client.get("/metrics").status_code == 200


def test_numbers_are_for_this_machine_or_for_who_holds_the_token(
    client: Client, settings: Settings
) -> None:
    settings.METRICS = True
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404
    settings.METRICS_TOKEN = SECRET
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    told = client.get(
        "/metrics", headers={"Authorization": f"Bearer {SECRET}"}, REMOTE_ADDR="192.0.2.7"
    )
    assert told.status_code == 200


def test_numbers_count_what_stands_in_the_database_and_what_pages_took(
    client: Client, settings: Settings
) -> None:
    settings.METRICS = True
    a_mail()
    Hold.objects.update(why="RESTORED")
    client.get("/r/0123456789abcdefghijkl")
    told = client.get("/metrics").text
    assert 'releveur_mails{state="OWED"} 1.0' in told
    assert 'releveur_campaigns{state="OPEN"} 0.0' in told
    assert "releveur_held 1.0" in told
    assert 'releveur_request_seconds_count{method="GET",page="portal:enter",status="4xx"}' in told
    assert "0123456789" not in told


def test_what_strangers_invent_makes_no_new_numbers(client: Client, settings: Settings) -> None:
    settings.METRICS = True
    client.get("/some/invented/path")
    client.generic("INVENT", "/health/live")
    told = client.get("/metrics").text
    assert 'page="-"' in told and 'method="OTHER"' in told
    assert "invented" not in told and "INVENT" not in told
