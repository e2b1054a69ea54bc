"""New rows by COPY, their numbers drawn before.

An import or a close has hundreds of thousands: one statement of so many placeholders takes longer to write
and to read than the rows themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import batched
from operator import attrgetter

from django.db import connection, models
from psycopg import Copy, sql

NUMBERS = """
    WITH drawn AS MATERIALIZED (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS sequence)
    SELECT nextval(sequence) FROM drawn, generate_series(1, %s)
"""
COPY = sql.SQL("COPY {table} ({columns}) FROM STDIN")

LINES = 200
"""So many are sent at a time."""

type Row = Sequence[object]


def draw(table: type[models.Model], count: int) -> list[int]:
    """Numbers for so many new rows."""
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS, [_options(table).db_table, count])
        return [number for (number,) in cursor.fetchall()]


def put[M: models.Model](table: type[M], rows: Collection[M]) -> None:
    """Write new rows, each of which has its number afterwards."""
    if not rows:
        return
    for row, number in zip(rows, draw(table, len(rows)), strict=True):
        row.pk, row._state.adding = number, False  # noqa: SLF001  # documented, despite its name
    fields = _told(table)
    names = [field.attname for field in fields]
    values: Callable[[M], tuple[object, ...]] = attrgetter(*names)
    kept = [place for place, field in enumerate(fields) if isinstance(field, models.JSONField)]
    put_values(table, names, (_with_json(values(row), kept) for row in rows))


def put_values(table: type[models.Model], names: Sequence[str], rows: Iterable[Row]) -> None:
    """Write new rows of which every column that needs one has a value: numbers, texts and days."""
    with _copying(table, names) as copy:
        for row in rows:
            copy.write_row([None if value is None else str(value) for value in row])


@contextmanager
def _copying(table: type[models.Model], names: Sequence[str]) -> Iterator[Copy]:
    statement = COPY.format(
        table=sql.Identifier(_options(table).db_table),
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
    )
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        yield copy


def put_lines(table: type[models.Model], names: Sequence[str], lines: Iterable[str]) -> None:
    """Write new rows that are lines of COPY's text already: tabs between, each `\\` of a value doubled.

    Hundreds of thousands take half the time of values that are written one by one.
    """
    with _copying(table, names) as copy:
        for some in batched(lines, LINES):
            copy.write("".join(some))


def _with_json(values: tuple[object, ...], kept: Sequence[int]) -> Row:
    if not kept:
        return values
    row = list(values)
    for place in kept:
        if row[place] is not None:
            row[place] = json.dumps(row[place], ensure_ascii=False)
    return row


def _told(table: type[models.Model]) -> list[models.Field[object, object]]:
    """Every column but those whose default only the database knows."""
    return [
        field
        for field in _options(table).concrete_fields
        if field.has_default() or not field.has_db_default()
    ]


def _options(table: type[models.Model]) -> models.options.Options[models.Model]:
    return table._meta  # noqa: SLF001  # documented, despite its name
