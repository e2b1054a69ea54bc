"""The doctor finds what is wrong, says what to do, and ends with 1."""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from releveur import postgres
from tests.faults.installing import Installation, installed
from tests.sink import Sink

SITE = "https://desk.example"


@pytest.fixture
def desk(server: postgres.Server, tmp_path: Path, post: Sink) -> Iterator[Installation]:
    with installed(server, tmp_path, post, RELEVEUR_SITE_URL=SITE, RELEVEUR_HTTPS="1") as desk:
        desk.releveur("tick")
        yield desk


@pytest.fixture
def address() -> str:
    """Of this machine on its network; nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            line.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine is on no network")
        return str(line.getsockname()[0])


@pytest.fixture
def heard(server: postgres.Server, address: str) -> Iterator[postgres.Server]:
    """A server that listens on the network, without encryption."""
    home = Path(tempfile.mkdtemp(prefix="pg"))
    home.chmod(0o711)
    own = postgres.Server(home, binaries=server.binaries, conf={"listen_addresses": address})
    own.start()
    with (own.data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {address}/32 trust\n")
    own._run("pg_ctl", "-D", str(own.data), "reload")  # noqa: SLF001  # as the server's own user
    yield own
    own.stop()


def test_a_database_over_the_network_without_encryption_is_weak(
    heard: postgres.Server, address: str, tmp_path: Path, post: Sink
) -> None:
    with installed(heard, tmp_path, post, RELEVEUR_SITE_URL=SITE, RELEVEUR_HTTPS="1") as desk:
        desk.releveur("tick")
        desk.environment["DATABASE_URL"] = make_conninfo(
            heard.conninfo(name=desk.database), host=address
        )
        done = desk.start("doctor", "--json")
        found = {one["check"]: one for one in json.loads(done.stdout)["findings"]}
    assert found["on_the_wire"]["level"] == "WARN" and "sslmode" in found["on_the_wire"]["advice"]
    assert done.returncode == 0, "it works"


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
