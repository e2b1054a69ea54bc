"""An upgrade needs no night: while people answer and mails leave, the database is brought to the new
release beside the program of the release before, and nobody notices.

The database stands where the last release left each app (`BEFORE`; a new release moves it on). A writer does,
over and over, what a running program of before does to the tables that migrations touch, while `migrate` runs.

Without a default in the database (`db_default`) on a column that a migration adds, the rows of the program
of before would be refused, and the writer would fail.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from releveur import postgres
from tests.faults.installing import OWED, Installation, installed

BEFORE = (
    ("accounts", "0001"),
    ("appointments", "0001"),
    ("campaigns", "0004"),
    ("clock", "0001"),
    ("contracts", "0001"),
    ("customers", "0003"),
    ("dealer", "0002"),
    ("fleet", "0003"),
    ("outbox", "0002"),
    ("readings", "0002"),
)
"""What release 0.1.0 had applied."""

SENT = """
    update outbox_mail set state = 'SENT', sent_at = clock_timestamp()
    where id = (select id from outbox_mail where state = 'OWED' limit 1 for update skip locked)
"""
WRITES = (
    "insert into customers_customer (code, name, note, imported) values (gen_random_uuid(), 'x', '', '{}')",
    SENT,
    "select count(*) from readings_reading join fleet_meter on fleet_meter.id = meter_id",
    "select count(*) from campaigns_notice left join outbox_mail on outbox_mail.id = mail_id",
    "select count(*) from dealer_dealer, appointments_appointment, contracts_contract",
)


@pytest.fixture
def desk(server: postgres.Server, tmp_path: Path) -> Iterator[Installation]:
    with installed(server, tmp_path, migrated=False) as desk:
        for app, name in BEFORE:
            done = desk.start("migrate", app, name, "-v0")
            assert done.returncode == 0, done.stderr
        assert desk.query("select to_regclass('outbox_hold')") == [(None,)]
        yield desk


class Writer(threading.Thread):
    """A program of before, at work; what PostgreSQL refused it is kept."""

    def __init__(self, desk: Installation) -> None:
        super().__init__()
        self._where = desk.server.conninfo(user=postgres.APP, name=desk.database)
        self.over = threading.Event()
        self.rounds = 0
        self.refused: list[str] = []

    def run(self) -> None:
        owed = OWED.replace("%s", "'a@b.example'", 1).replace("%s", "'<{}@b.example>'")
        with psycopg.connect(self._where, autocommit=True) as connection:
            while not self.over.is_set():
                for statement in (owed.format(self.rounds), *WRITES):
                    try:
                        connection.execute(statement.encode())
                    except psycopg.Error as refusal:
                        self.refused.append(f"{statement[:40]}: {refusal}")
                self.rounds += 1


def test_an_upgrade_while_people_are_at_work_refuses_them_nothing(desk: Installation) -> None:
    told = desk.start("upgrade_check", "--json")
    assert "outbox.0005_hold" in told.stdout, told.stderr
    writer = Writer(desk)
    writer.start()
    try:
        before = writer.rounds
        done = desk.start("migrate", "-v0")
        assert done.returncode == 0, done.stderr
    finally:
        writer.over.set()
        writer.join(30)
    assert writer.rounds > before, "it was at work meanwhile"
    assert writer.refused == []
    assert desk.query("select to_regclass('outbox_hold') is not null") == [(True,)]
