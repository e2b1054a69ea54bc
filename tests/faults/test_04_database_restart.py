"""When the database is restarted, no mail is lost, pages say « in a moment », and all comes back by itself.

PostgreSQL is restarted at once (`pg_ctl restart -m immediate`) while a worker sends and pages are opened.

`CONN_HEALTH_CHECKS` and `reconnect_timeout` in `settings.py` bring the pages back within seconds (without
them the first pages after the restart fail, and later ones for as long as the pool's pause had grown);
`web/outage.py` makes them 503 instead of 500; `ops/working.py` begins again where the worker's library gives up;
`except UniqueViolation` in `ops/tasks.py` lets what a killed job kept waiting go on.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from releveur import postgres
from tests.faults.installing import Installation, Serving, installed, serving, until
from tests.sink import Sink

MAILS = 150
TICKS = "select ticks from outbox_hold"
LEFT_BEHIND = """
    insert into procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status)
    values ('default', 'releveur.ops.tasks.tick', 'tick', 'tick', '{"timestamp": 0}', %s)
"""
FREE = "select 1 from outbox_mail where state = 'OWED' and lease is null"


@pytest.fixture
def own_server(server: postgres.Server) -> Iterator[postgres.Server]:
    """A server that may be killed: nobody else's tests are on it."""
    home = Path(tempfile.mkdtemp(prefix="pg"))
    home.chmod(0o711)
    own = postgres.Server(home, binaries=server.binaries)
    own.start()
    yield own
    own.start()
    own.stop()


@pytest.fixture
def desk(own_server: postgres.Server, tmp_path: Path, post: Sink) -> Iterator[Installation]:
    with installed(own_server, tmp_path, post, RELEVEUR_POOL="4") as desk:
        yield desk


def pg_ctl(server: postgres.Server, *arguments: str) -> None:
    told = ("-D", str(server.data), "-m", "immediate", "-w", *arguments)
    server._run("pg_ctl", *told)  # noqa: SLF001  # as the server's own user


def shows_a_page(tree: Serving) -> bool:
    return tree.get("/mentions-legales")[0] == 200


def test_a_restart_in_the_middle_of_a_delivery_loses_nothing(
    desk: Installation, post: Sink
) -> None:
    for number in range(MAILS):
        desk.owes(f"p{number}@b.example")
    with serving(desk, "--with-worker") as tree:
        until(lambda: len(post.messages) > MAILS // 10)
        pg_ctl(desk.server, "restart")
        assert len(post.messages) < MAILS, "it was in the middle"
        assert until(lambda: shows_a_page(tree)) <= 5
        until(lambda: not desk.query(FREE))
        desk.query("update outbox_mail set lease_until = clock_timestamp()")  # five minutes later
        until(lambda: not desk.query("select 1 from outbox_mail where state <> 'SENT'"))
    assert tree.process.returncode == 0, "web and worker lived through it"
    assert set(post.to) == {f"p{number}@b.example" for number in range(MAILS)}
    assert len(post.messages) <= MAILS + 2, "each of the two that deliver may repeat one"
    assert len({str(message["Message-ID"]) for message in post.messages}) == MAILS


def test_pages_say_when_to_come_back_and_do(desk: Installation) -> None:
    with serving(desk, "--with-worker") as tree:
        until(lambda: shows_a_page(tree))
        pg_ctl(desk.server, "stop")
        for language, word in (("fr", "instant"), ("en", "moment")):
            status, headers, page = tree.get("/r/0123456789abcdefghijkl", Accept_Language=language)
            assert (status, headers["Retry-After"]) == (503, "5")
            assert word in page and "Traceback" not in page and "psycopg" not in page
        assert tree.get("/health/live")[0] == 200
        until(lambda: "the worker asks again" in tree.logged())
        status, _headers, said = tree.get("/health/ready")
        assert status == 503 and '"database": {"ok": false' in said
        desk.server.start()
        assert until(lambda: shows_a_page(tree)) <= 5
        ticks = desk.query(TICKS)
        until(lambda: desk.query(TICKS) > ticks, seconds=150)
    assert tree.process.returncode == 0, "the worker came back too"


def test_a_job_killed_while_the_next_of_its_kind_waits_holds_nobody_up(desk: Installation) -> None:
    for status in ("doing", "todo"):
        desk.query(LEFT_BEHIND, status)
    with serving(desk, "--with-worker"):
        until(lambda: desk.query("select 1 from outbox_hold where ticks > 0"))
