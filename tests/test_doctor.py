"""The doctor finds what is wrong, says what to do, and ends with 1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from releveur import postgres
from tests.faults.installing import Installation, installed
from tests.sink import Sink

SITE = "https://desk.example"


@pytest.fixture
def desk(server: postgres.Server, tmp_path: Path, post: Sink) -> Iterator[Installation]:
    with installed(server, tmp_path, post, RELEVEUR_SITE_URL=SITE, RELEVEUR_HTTPS="1") as desk:
        desk.releveur("tick")
        yield desk


def wrong(desk: Installation) -> dict[str, str]:
    """What the doctor finds wrong, with its advice."""
    done = desk.start("doctor", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == (0 if said["healthy"] else 1)
    return {found["check"]: found["advice"] for found in said["findings"] if found["level"] != "OK"}


def test_a_healthy_installation_has_no_finding(desk: Installation) -> None:
    assert wrong(desk) == {}
    assert "SMTP" not in desk.start("doctor").stdout


def test_options_of_mails_go_with_the_mails(desk: Installation) -> None:
    assert desk.start("doctor", "--to", "a@b.example").returncode == 2
    assert desk.start("doctor", "printers").returncode == 2


def test_every_fault_is_found_with_what_to_do(desk: Installation, post: Sink) -> None:
    (desk.data / "link_secret").chmod(0o644)
    desk.query(
        "update outbox_hold set why = 'RESTORED', ticked_at = clock_timestamp() - interval '1 hour'"
    )
    desk.query("grant update on readings_reading to releveur_app")
    desk.query("delete from django_migrations where app = 'dealer'")
    desk.environment |= {"RELEVEUR_HTTPS": "0", "RELEVEUR_SMTP_URL": "smtp://127.0.0.1:9"}
    found = wrong(desk)
    assert set(found) == {
        "secrets", "hold", "tick", "rights", "migrations", "settings", "mail_server",
    }  # fmt: skip
    assert all(found.values()), "each says what to do"
    assert "confirm_sending" in found["hold"] and "migrate" in found["migrations"]


def test_one_role_for_everything_is_found(desk: Installation) -> None:
    desk.environment["DATABASE_URL"] = desk.environment["RELEVEUR_OWNER_URL"]
    assert {"role", "rights"} <= set(wrong(desk))


def test_a_database_that_is_away_is_one_finding_among_others(desk: Installation) -> None:
    desk.environment["DATABASE_URL"] = "postgres://nobody@127.0.0.1:9/none"
    assert "database" in wrong(desk)
    mails = desk.start("doctor", "mail", "--json")
    assert [found["check"] for found in json.loads(mails.stdout)["findings"]] == ["database"]
    assert mails.returncode == 1
