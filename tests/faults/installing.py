"""An installation as IT people have one: a database, a data folder, an environment, and the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import psycopg
from psycopg import sql

from releveur import postgres
from tests.sink import Sink, a_free_port

_number = count(1)

OWED = """
    insert into outbox_mail (
        "to", copy_to, language, kind, priority, sender, reply_to, subject, text, html, calendar,
        message_id, in_reply_to, state, owed_at, attempts, smtp_reply
    ) values (
        %s, '', 'fr', 'invitation', 0, 'Desk <desk@dealer.example>', '', 'Relevé', 'Bonjour', '',
        '', %s, '', 'OWED', clock_timestamp(), 0, ''
    )
"""


@dataclass
class Installation:
    server: postgres.Server
    database: str
    data: Path
    environment: dict[str, str]

    def start(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "releveur", *map(str, arguments)],
            env=self.environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def releveur(self, *arguments: object) -> Any:
        """The JSON answer of a command that must not be refused."""
        done = self.start(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def query(self, statement: str, *values: object, user: str = postgres.OWNER) -> list[Any]:
        where = self.server.conninfo(user=user, name=self.database)
        with psycopg.connect(where, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def owes(self, to: str) -> None:
        self.query(OWED, to, f"<{uuid4().hex}@dealer.example>")

    def program(self, name: str, *arguments: str) -> None:
        """One of PostgreSQL's own programs, on this database."""
        where = self.server.conninfo(user=postgres.OWNER, name=self.database)
        command = [str(self.server.binaries / name), f"--dbname={where}", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def installed(
    server: postgres.Server, data: Path, post: Sink | None = None, *, migrated: bool = True,
    **knobs: str,
) -> Iterator[Installation]:  # fmt: skip
    """An installation on a database of its own, on real time, its mail going to the sink."""
    name = f"test_{os.getpid()}_installed_{next(_number)}"
    port = post.server.port if post else 9
    inherited = {key: value for key, value in os.environ.items() if "RELEVEUR" not in key}
    here = {
        "DJANGO_SETTINGS_MODULE": "releveur.settings",
        "DATABASE_URL": server.conninfo(name=name),
        "RELEVEUR_OWNER_URL": server.conninfo(user=postgres.OWNER, name=name),
        "RELEVEUR_DATA_DIR": str(data),
        "RELEVEUR_POSTGRES_BIN": str(server.binaries),
        "RELEVEUR_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "RELEVEUR_POOL": "0",
    }
    there = Installation(server, name, data, inherited | here | knobs)
    with _as_owner(server) as owner:
        owner.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        if migrated:
            done = there.start("migrate", "-v0")
            assert done.returncode == 0, done.stderr
        yield there
    finally:
        with _as_owner(server) as owner:
            gone = sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            owner.execute(gone)


@contextmanager
def _as_owner(server: postgres.Server) -> Iterator[psycopg.Connection]:
    where = server.conninfo(user=postgres.OWNER, name="postgres")
    with psycopg.connect(where, autocommit=True) as owner:
        yield owner


class Serving:
    """Web and worker of an installation, as `releveur serve --with-worker` runs them; its log in a file."""

    def __init__(self, desk: Installation, *arguments: str) -> None:
        self.port = a_free_port()
        self.log = desk.data / f"serve-{self.port}.log"
        command = [sys.executable, "-m", "releveur", "serve", "--port", str(self.port), *arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=desk.environment, stdout=log, stderr=log)

    def get(self, path: str, **headers: str) -> tuple[int, Message, str]:
        """Status, headers and body; 0 when nobody answers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(f"http://127.0.0.1:{self.port}{path}", headers=named)
        try:
            with urlopen(request, timeout=15) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except HTTPError as answer:
            return answer.code, answer.headers, answer.read().decode()
        except OSError:
            return 0, Message(), ""

    def logged(self) -> str:
        return self.log.read_text()


@contextmanager
def serving(desk: Installation, *arguments: str) -> Iterator[Serving]:
    tree = Serving(desk, *arguments)
    try:
        until(lambda: tree.get("/health/live")[0] == 200)
        yield tree
    except BaseException:
        sys.stderr.write(tree.logged()[-20_000:])
        raise
    finally:
        tree.process.terminate()
        tree.process.wait(60)


def until(true: Callable[[], object], *, seconds: float = 60) -> float:
    """Wait until it is true; how many seconds that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it never became true"
        time.sleep(0.05)
    return time.monotonic() - began
