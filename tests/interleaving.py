"""Two verbs at the same moment, one of them stopped before each of its locks in turn."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

from django.db import connection

type Verb = Callable[[], object]

LOCKING = ("FOR UPDATE", "FOR SHARE", "UPDATE ")
LONG = 20
"""Seconds; PostgreSQL finds a deadlock after one."""


class Stop:
    """Before its `at`-th statement that locks rows, a verb waits for its turn."""

    def __init__(self, at: int) -> None:
        self.at, self.seen = at, 0
        self.there, self.go = Event(), Event()

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if any(word in sql for word in LOCKING):
            if self.seen == self.at:
                self.there.set()
                assert self.go.wait(LONG)
            self.seen += 1
        return execute(sql, params, many, context)


def interleave(one: Verb, other: Verb, *, stopped_before: int) -> tuple[object, object, bool]:
    """What both gave back or raised, and whether the first one came as far as its stop.

    The first one stops; the other runs until it is done or waits for a lock; then both go on.
    """
    stop = Stop(stopped_before)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_alone, one, stop)
        first.add_done_callback(lambda _: stop.there.set())
        assert stop.there.wait(LONG)
        backend: Future[int] = Future()
        second = pool.submit(_alone, other, None, backend)
        _until_done_or_waiting(second, backend.result(LONG))
        stop.go.set()
        return first.result(LONG), second.result(LONG), stop.seen > stopped_before


def _alone(verb: Verb, stop: Stop | None, backend: Future[int] | None = None) -> object:
    """On a connection of its own."""
    try:
        if backend is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                backend.set_result(cursor.fetchone()[0])
        if stop is None:
            return verb()
        with connection.execute_wrapper(stop):
            return verb()
    except Exception as raised:  # noqa: BLE001
        return raised
    finally:
        connection.close()


def _until_done_or_waiting(verb: Future[object], backend: int) -> None:
    with connection.cursor() as cursor:
        while not verb.done():
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [backend])
            if cursor.fetchone()[0]:
                return
