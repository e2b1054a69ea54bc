"""Every test runs as the application's role, on a copy of a migrated database."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import translation
from psycopg import sql

from releveur import postgres
from releveur.campaigns.models import Campaign, Invitation
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from releveur.ops import grants
from tests import sink
from tests.factories import a_campaign, a_contact, a_customer, a_dealer, a_device
from tests.sink import Sink

FASTER = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    # It would find the tables empty between two tests, and the planner would believe it.
    "autovacuum": "off",
}
"""A test that loses its data with the machine loses nothing."""


@pytest.fixture(scope="session")
def server() -> postgres.Server:
    server = settings.POSTGRES
    assert server, "tests/settings.py embeds one"
    server.conf |= FASTER
    server.start()
    return server


@pytest.fixture(scope="session")
def template(server: postgres.Server, django_db_blocker: Any) -> str:
    """The name of the migrated database that others are copied from."""
    with _as_owner(server) as owner, _one_at_a_time(server), django_db_blocker.unblock():
        _drop(server, [old for old in _databases(owner, "test_") if not _alive(old)])
        return _template(server, owner)


@pytest.fixture(scope="session")
def django_db_setup(
    server: postgres.Server, template: str, django_db_blocker: Any
) -> Iterator[None]:
    """A database of this process, copied from the template, dropped at the end."""
    name = f"test_{os.getpid()}"
    with _as_owner(server) as owner:
        _create(owner, name, template)
    connection.settings_dict["NAME"] = name
    # On the class: beside Playwright's event loop Django hands out another connection.
    type(connection.ops).execute_sql_flush = _emptying(server, name)  # type: ignore[method-assign]
    yield
    with django_db_blocker.unblock():
        connection.close()
    _drop(server, [name])


@pytest.fixture(autouse=True)
def french() -> None:
    """As every request and every command begins; a page before may have spoken English in this thread."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture
def post() -> Iterator[Sink]:
    """A real mail server on loopback."""
    with sink.listening() as listening:
        yield listening


@pytest.fixture
def customer() -> Customer:
    """The dealer's only customer; Alexandra answers for all of it."""
    a_dealer()
    a_contact(customer := a_customer())
    return customer


@pytest.fixture
def device(customer: Customer) -> Device:
    """Her first one: whoever needs another says so in a fixture of that name."""
    return a_device(customer, serial="3923656030")


@pytest.fixture
def campaign(device: Device) -> Campaign:
    return a_campaign()


@pytest.fixture
def invitation(campaign: Campaign) -> Invitation:
    return Invitation.objects.get(campaign=campaign)


def _template(server: postgres.Server, owner: psycopg.Connection) -> str:
    """The migrated database of this very set of migrations, made by the first process that wants it."""
    name = f"template_{_hash_of_migrations()}"
    if name not in _databases(owner, "template_"):
        draft = f"draft_{os.getpid()}"
        _drop(server, _databases(owner, "draft_"))
        _create(owner, draft, "template0")
        _migrate(draft)
        owner.execute(
            sql.SQL("alter database {} rename to {}").format(*map(sql.Identifier, (draft, name)))
        )
    return name


def _migrate(name: str) -> None:
    app, owned = connection.settings_dict["NAME"], settings.OWNER_DATABASE["NAME"]
    connection.settings_dict["NAME"] = settings.OWNER_DATABASE["NAME"] = name
    try:
        call_command("migrate", verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"], settings.OWNER_DATABASE["NAME"] = app, owned


def _hash_of_migrations() -> str:
    digest = hashlib.sha256(Path(inspect.getfile(grants)).read_bytes())
    for name, migration in sorted(MigrationLoader(None).disk_migrations.items()):
        digest.update(repr(name).encode())
        digest.update(Path(inspect.getfile(type(migration))).read_bytes())
    return digest.hexdigest()[:12]


def _emptying(server: postgres.Server, name: str) -> Any:
    """What transactional tests leave is emptied by the owner: the application may not; seeded rows come back."""
    with _as_owner(server, name) as owner:
        listed = owner.execute(
            "select tablename from pg_tables where schemaname = 'public' and tablename <> 'django_migrations'"
        )
        tables = [sql.Identifier(table) for (table,) in listed.fetchall()]
        seeds = [(table, seed) for table in tables if (seed := _copied(owner, table))]

    def empty(_operations: object, _statements: list[str]) -> None:
        with _as_owner(server, name) as owner, owner.transaction():
            owner.execute("set local lock_timeout = '10s'")
            owner.execute(sql.SQL("truncate {} cascade").format(sql.SQL(", ").join(tables)))
            owner.execute("set constraints all deferred")
            for table, seed in seeds:
                with owner.cursor().copy(sql.SQL("copy {} from stdin").format(table)) as copy:
                    copy.write(seed)

    return empty


def _copied(owner: psycopg.Connection, table: sql.Identifier) -> bytes:
    with owner.cursor().copy(sql.SQL("copy {} to stdout").format(table)) as copy:
        return b"".join(bytes(chunk) for chunk in copy)


@contextlib.contextmanager
def _as_owner(
    server: postgres.Server, name: str = "postgres", *, user: str = postgres.OWNER
) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.conninfo(user=user, name=name), autocommit=True) as owner:
        yield owner


@contextlib.contextmanager
def _one_at_a_time(server: postgres.Server) -> Iterator[None]:
    with server.data.with_name("template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _databases(owner: psycopg.Connection, prefix: str) -> list[str]:
    listed = owner.execute(
        "select datname from pg_database where starts_with(datname, %s)", [prefix]
    )
    return [name for (name,) in listed.fetchall()]


def _create(owner: psycopg.Connection, name: str, template: str) -> None:
    owner.execute(
        sql.SQL("create database {} template {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )


def _drop(server: postgres.Server, names: list[str]) -> None:
    """By the superuser: the owner may end neither the application's sessions nor a vacuum in them."""
    with _as_owner(server, user=postgres.SUPERUSER) as superuser:
        for name in names:
            superuser.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )


def _alive(database: str) -> bool:
    try:
        os.kill(int(database.split("_")[1]), 0)
    except ProcessLookupError:
        return False
    return True
