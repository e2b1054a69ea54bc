"""All rows of the test's database as they stood at one moment, put back as often as one likes.

A dump and its restore for those who need hundreds of them a minute: the tables stay, their rows are
copied out and in. The superuser does it, for the application may not delete what is written once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from releveur import postgres


@dataclass(frozen=True, slots=True)
class Dump:
    """What every table of the application held, in PostgreSQL's own text format, and its sequences."""

    tables: Mapping[str, bytes]
    sequences: Mapping[str, int]

    def put_back(self) -> None:
        """Make all tables what they were; numbers given since are given again, as after a restore."""
        with _superuser() as server, server.transaction():
            server.execute("set local session_replication_role = replica")
            for table in _written(server):
                server.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
            for table, rows in self.tables.items():
                statement = sql.SQL("copy {} from stdin").format(sql.Identifier(table))
                with server.cursor().copy(statement) as copy:
                    copy.write(rows)
            server.execute(
                # With `false` it would count as never read, and the next dump would see no last value.
                "select setval(format('%%I', name)::regclass, greatest(last, 1), last > 0)"
                " from unnest(%s::text[], %s::bigint[]) as given(name, last)",
                [list(self.sequences), list(self.sequences.values())],
            )


def take() -> Dump:
    """Dump the database of this test as it is committed now."""
    with _superuser() as server:
        given = server.execute(
            "select sequencename, coalesce(last_value, 0) from pg_sequences where schemaname = 'public'"
        )
        return Dump({table: _rows(server, table) for table in _written(server)}, dict(given))


@contextmanager
def _superuser() -> Iterator[psycopg.Connection]:
    server = settings.POSTGRES
    assert server, "tests/settings.py embeds one"
    where = server.conninfo(user=postgres.SUPERUSER, name=connection.settings_dict["NAME"])
    with psycopg.connect(where, autocommit=True) as superuser:
        superuser.execute("set lock_timeout = '10s'")
        yield superuser


def _written(server: psycopg.Connection) -> list[str]:
    """The tables that hold a row."""
    listed = server.execute(
        "select tablename from pg_tables where schemaname = 'public' and tablename <> 'django_migrations'"
    )
    names = [name for (name,) in listed.fetchall()]
    any_row = sql.SQL(" union all ").join(
        sql.SQL("(select {} from {} limit 1)").format(sql.Literal(name), sql.Identifier(name))
        for name in names
    )
    return [name for (name,) in server.execute(any_row).fetchall()]


def _rows(server: psycopg.Connection, table: str) -> bytes:
    statement = sql.SQL("copy {} to stdout").format(sql.Identifier(table))
    with server.cursor().copy(statement) as copy:
        return b"".join(bytes(chunk) for chunk in copy)
