"""A server of the bench's own, set as in production; every measurement begins on a fresh copy of its world."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from releveur import postgres

GROUND = "bench_ground"
COPY = "bench_copy"

type Build = Callable[[psycopg.Connection], None]


@dataclass(slots=True)
class Databases:
    server: postgres.Server
    worlds: set[str] = field(default_factory=set)

    def world(self, name: str, build: Build) -> str:
        """The database of that name, built when it is first asked for."""
        if name not in self.worlds:
            self._create(name, GROUND)
            with self.connect(name) as there:
                build(there)
            with self.connect(name, autocommit=True) as there:
                there.execute("vacuum (freeze, analyze)")
            self.worlds.add(name)
        return name

    def grown(self, name: str, world: str, grow: Callable[[], object]) -> str:
        """A world made from another by the product itself."""
        if name not in self.worlds:
            connection.close()
            self._create(name, world)
            with self.use(name):
                grow()
            with self.connect(name, autocommit=True) as there:
                there.execute("vacuum (freeze, analyze)")
            self.worlds.add(name)
        return name

    @contextlib.contextmanager
    def use(self, name: str) -> Iterator[None]:
        """Let the product work in that database, as its role."""
        before = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = before

    @contextlib.contextmanager
    def copied(self, world: str, name: str = COPY) -> Iterator[str]:
        """A copy of a world, for the product and for its limit, dropped afterwards."""
        connection.close()
        self._create(name, world)
        try:
            with self.use(name):
                yield name
        finally:
            self.drop(name)

    def connect(self, name: str, *, autocommit: bool = False) -> psycopg.Connection:
        """As the superuser, who builds worlds faster: their keys are right, nobody looks twice."""
        return psycopg.connect(
            self.server.conninfo(user=postgres.SUPERUSER, name=name), autocommit=autocommit
        )

    def as_app(self, name: str) -> psycopg.Connection:
        """As the product's own role."""
        return psycopg.connect(self.server.conninfo(name=name))

    def drop(self, name: str) -> None:
        with self.connect("postgres", autocommit=True) as admin:
            admin.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )
        self.worlds.discard(name)

    def prepare(self) -> None:
        """Start the server, forget worlds that a run left behind, bring the ground up to date."""
        self.server.start()
        with self.connect("postgres", autocommit=True) as admin:
            found = admin.execute("select datname from pg_database where datname like 'bench_%'")
            names = {name for (name,) in found.fetchall()}
        for name in names - {GROUND}:
            self.drop(name)
        if GROUND not in names:
            self._create(GROUND, "template0")
        owner, settings.OWNER_DATABASE["NAME"] = settings.OWNER_DATABASE["NAME"], GROUND
        with self.use(GROUND):
            call_command("migrate", verbosity=0)
        settings.OWNER_DATABASE["NAME"] = owner

    def tidy(self) -> None:
        for name in list(self.worlds):
            self.drop(name)

    def _create(self, name: str, template: str) -> None:
        self.drop(name)
        words = "create database {} template {} owner {} strategy file_copy"
        names = map(sql.Identifier, (name, template, postgres.OWNER))
        with self.connect("postgres", autocommit=True) as admin:
            admin.execute(sql.SQL(words).format(*names))


def own(*, durable: bool = True) -> Databases:
    """The bench never touches a database it was pointed to.

    :param durable: as in production; a smoke run need not wait for the disk
    """
    server = settings.POSTGRES
    assert server is not None, "bench/settings.py embeds one"
    if not durable:
        server.conf |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return Databases(server)
