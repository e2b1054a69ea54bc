"""The embedded server: joined by any number of processes, stopped by the last, and surviving every kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from releveur import postgres

JOIN = """
import sys
from pathlib import Path
from releveur.postgres import Server

binaries = Path(sys.argv[2]) if sys.argv[2] else None
Server(Path(sys.argv[1]), binaries=binaries, conf={"fsync": "off"}).start()
print("joined", flush=True)
sys.stdin.read()
"""
"""A process that joins the server and leaves when its input ends."""

type Member = subprocess.Popen[str]


@pytest.fixture
def home() -> Iterator[Path]:
    # Not tmp_path: the server's own user must be able to enter it.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def a_member(home: Path) -> Iterator[Callable[[], Member]]:
    members: list[Member] = []

    def join() -> Member:
        command = [
            sys.executable,
            "-c",
            JOIN,
            str(home),
            os.environ.get("RELEVEUR_POSTGRES_BIN", ""),
        ]
        members.append(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        return members[-1]

    yield join
    for member in members:
        leave(member)
    server = the_server(home)
    server.start()
    server.stop()


def the_server(home: Path) -> postgres.Server:
    given = os.environ.get("RELEVEUR_POSTGRES_BIN")
    return postgres.Server(home, binaries=Path(given) if given else None)


def has_joined(member: Member) -> bool:
    assert member.stdout
    return member.stdout.readline() == "joined\n"


def leave(member: Member) -> None:
    if member.stdin:
        member.stdin.close()
    member.wait(30)
    if member.stdout:
        member.stdout.close()


def test_many_processes_start_at_once_and_the_last_to_leave_stops_the_server(
    home: Path, a_member: Callable[[], Member]
) -> None:
    members = [a_member() for _number in range(4)]
    assert all(has_joined(member) for member in members)
    server = the_server(home)
    for member in members[1:]:
        leave(member)
        assert server.is_ready()
    leave(members[0])
    assert not server.is_ready()
    assert not server.listens()


def test_a_killed_process_leaves_the_server_to_the_next(
    home: Path, a_member: Callable[[], Member]
) -> None:
    killed = a_member()
    assert has_joined(killed)
    killed.kill()
    killed.wait()
    server = the_server(home)
    assert server.is_ready()

    heir = a_member()
    assert has_joined(heir)
    leave(heir)
    assert not server.is_ready()


def test_a_killed_server_is_booted_again_with_what_was_committed(
    home: Path, a_member: Callable[[], Member]
) -> None:
    first = a_member()
    assert has_joined(first)
    server = the_server(home)
    with psycopg.connect(server.conninfo(user=postgres.OWNER)) as owner:
        owner.execute("create table kept as select 42 as answer")

    postmaster = int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(postmaster, signal.SIGKILL)
    _until(lambda: not server.listens())
    assert has_joined(a_member())
    with psycopg.connect(server.conninfo(user=postgres.OWNER)) as owner:
        assert owner.execute("select answer from kept").fetchone() == (42,)


def test_a_half_made_data_folder_is_made_anew(home: Path, a_member: Callable[[], Member]) -> None:
    draft = the_server(home).data.with_suffix(".draft")
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18")
    assert has_joined(a_member())
    assert not draft.exists()


def test_nobody_else_gets_in_and_nothing_is_heard_on_the_network(server: postgres.Server) -> None:
    assert server.data.stat().st_mode & 0o777 == 0o700
    with psycopg.connect(server.conninfo(user=postgres.APP)) as app:
        assert app.execute("show listen_addresses").fetchone() == ("",)


def test_the_application_is_neither_owner_nor_superuser(server: postgres.Server) -> None:
    with psycopg.connect(server.conninfo(user=postgres.APP)) as app:
        rights = "select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = user"
        assert app.execute(rights).fetchone() == (False, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("create table mine (id int)")


def test_the_owner_creates_the_extensions_it_needs(server: postgres.Server) -> None:
    with psycopg.connect(server.conninfo(user=postgres.OWNER)) as owner:
        for extension in ("btree_gist", "unaccent", "pg_trgm"):
            owner.execute(sql.SQL("create extension {}").format(sql.Identifier(extension)))
        owner.rollback()


def test_capitals_with_accents_are_known_whatever_the_machine_speaks(
    server: postgres.Server,
) -> None:
    with psycopg.connect(server.conninfo()) as app:
        assert app.execute("select upper('été'), 'ÉTÉ' ilike 'été'").fetchone() == ("ÉTÉ", True)


def test_a_folder_closed_to_the_servers_user_is_said_and_not_opened(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(postgres.PostgresUnavailable, match=r"may not enter .*/closed: .*set KNOB"):
        postgres.must_be_open_to_all(closed, "KNOB")
    assert closed.stat().st_mode & 0o777 == 0o700


def _until(true: Callable[[], bool]) -> None:
    for _try in range(100):
        if true():
            return
        time.sleep(0.05)
    pytest.fail("it never became true")
