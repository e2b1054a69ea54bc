"""After a backup is restored, or a server is copied, nobody gets a mail twice: nothing leaves before you say so.

The database is dumped, the desk runs on and sends, the dump is restored and a tick runs; then the same with a copy elsewhere, and
an operator's word.

Both doors ask `holding.is_on()`, in `ops/ticking.py: take_steps` and in `outbox/delivering.py`: without these two
lines the first three tests fail, the sink having received what had left already; without the one in
`deliver_due` alone, `tests/test_holding.py` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from releveur import postgres
from tests.faults.installing import Installation, installed
from tests.sink import Sink


@pytest.fixture
def desk(server: postgres.Server, tmp_path: Path, post: Sink) -> Iterator[Installation]:
    """A working installation whose dump owes one mail that left later."""
    with installed(server, tmp_path / "data", post) as desk:
        desk.releveur("tick")
        desk.owes("first@b.example")
        desk.program("pg_dump", "-Fc", "-f", str(tmp_path / "dump"))
        desk.releveur("tick")
        assert post.to == ["first@b.example"], "a first installation is not held"
        post.messages.clear()
        yield desk


def leaves_only_once_confirmed(there: Installation, post: Sink, why: str) -> None:
    said = there.start("tick")
    assert (said.returncode, post.to) == (0, [])
    assert "confirm_sending" in said.stderr

    doctor = there.start("doctor", "--json")
    found = {one["check"]: one["reading"] for one in json.loads(doctor.stdout)["findings"]}
    assert (doctor.returncode, found["hold"]) == (1, why)
    unsaid = there.start("confirm_sending", "--json")
    assert unsaid.returncode == 1 and "--yes" in unsaid.stderr, "nobody confirms by accident"
    told = there.releveur("confirm_sending", "--dry-run")
    assert (told["held"], told["mails"]) == (why, {"invitation": 1})
    assert there.start("tick").returncode == 0 and post.to == []

    there.releveur("confirm_sending", "--yes")
    assert there.releveur("tick")["sent"] == 1
    assert post.to == ["first@b.example"]
    assert there.start("tick").stderr == "", "and it stays confirmed"


def test_an_old_dump_put_back_by_hand_sends_nothing_before_it_is_confirmed(
    desk: Installation, tmp_path: Path, post: Sink
) -> None:
    put_back = ("--clean", "--if-exists", "--no-owner", str(tmp_path / "dump"))
    desk.program("pg_restore", *put_back)
    leaves_only_once_confirmed(desk, post, "REWOUND")


def test_a_copy_on_another_machine_sends_nothing_before_it_is_confirmed(
    desk: Installation, server: postgres.Server, tmp_path: Path, post: Sink
) -> None:
    with installed(server, tmp_path / "elsewhere", post, migrated=False) as copy:
        copy.program("pg_restore", "--no-owner", str(tmp_path / "dump"))
        leaves_only_once_confirmed(copy, post, "CLONED")


def test_a_day_of_silence_is_asked_about(desk: Installation, post: Sink) -> None:
    desk.owes("first@b.example")
    desk.query("update outbox_hold set ticked_at = clock_timestamp() - interval '27 hours'")
    leaves_only_once_confirmed(desk, post, "ASLEEP")


def test_a_night_of_silence_is_not(desk: Installation, post: Sink) -> None:
    desk.owes("first@b.example")
    desk.query("update outbox_hold set ticked_at = clock_timestamp() - interval '25 hours'")
    assert desk.releveur("tick")["sent"] == 1


def test_who_upgrades_from_before_the_hold_goes_on_sending(
    server: postgres.Server, tmp_path: Path, post: Sink
) -> None:
    with installed(server, tmp_path / "data", post) as desk:
        desk.owes("first@b.example")
        assert desk.start("migrate", "outbox", "0002", "-v0").returncode == 0
        assert desk.start("migrate", "-v0").returncode == 0
        assert desk.releveur("tick")["sent"] == 1


def test_time_that_is_moved_by_hand_holds_nothing(
    server: postgres.Server, tmp_path: Path, post: Sink
) -> None:
    with installed(server, tmp_path / "data", post, RELEVEUR_TEST_CLOCK="1") as desk:
        desk.releveur("tick", "--now", "2022-04-05T10:00")
        desk.query("update outbox_hold set ticked_at = clock_timestamp() - interval '27 hours'")
        desk.owes("first@b.example")
        desk.releveur("tick", "--now", "2022-09-05T10:00")
        assert post.to == ["first@b.example"]
