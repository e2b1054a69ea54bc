"""The rows that the product wrote, taken out, and written again by nothing but COPY."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql

type Rows = dict[str, bytes]
"""The text of a COPY, by table and columns."""


def taken(there: psycopg.Connection, tables: Sequence[str], *, where: str = "true") -> Rows:
    """The rows of these tables as they stand; generated columns apart."""
    return {
        _named(there, table): _out(there, f"select {_columns(there, table)} from {table} where {where}")
        for table in tables
    }  # fmt: skip


def put(there: psycopg.Connection, rows: Rows) -> None:
    """Write them in one transaction, which is what any program would have to do at least."""
    with there.transaction(), there.cursor() as cursor:
        for table, text in rows.items():
            with cursor.copy(sql.SQL(f"copy {table} from stdin")) as copy:
                copy.write(text)


def read(there: psycopg.Connection, query: str) -> int:
    """Read the answer of a query by COPY and let it go; how many bytes it has."""
    with there.cursor().copy(sql.SQL(f"copy ({query}) to stdout")) as copy:
        return sum(len(block) for block in copy)


def _out(there: psycopg.Connection, query: str) -> bytes:
    with there.cursor().copy(sql.SQL(f"copy ({query}) to stdout")) as copy:
        return b"".join(bytes(block) for block in copy)


def _named(there: psycopg.Connection, table: str) -> str:
    return f"{table} ({_columns(there, table)})"


def _columns(there: psycopg.Connection, table: str) -> str:
    found = there.execute(
        "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
        [table],
    ).fetchone()
    assert found
    return str(found[0])
