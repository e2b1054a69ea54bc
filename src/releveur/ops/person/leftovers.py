"""Where a person's address, full name or phone still stands: free words that no program understands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from psycopg import sql

from releveur.customers.erasing import Traces

TEXT = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'jsonb')
    ORDER BY table_name, column_name
"""


@dataclass(frozen=True, slots=True)
class Left:
    table: str
    column: str
    rows: int


def of(known: Traces) -> list[Left]:
    """Look through every text of the database; slow, and nothing is missed."""
    words = sorted({known.address, *known.whole} - {""})
    return list(_holding(words))


def _holding(words: list[str]) -> Iterator[Left]:
    patterns = [f"%{_literal(word)}%" for word in words]
    with connection.cursor() as cursor:
        cursor.execute(TEXT)
        for table, column in cursor.fetchall():
            count = sql.SQL("SELECT count(*) FROM {} WHERE {}::text ILIKE ANY(%s)")
            query = count.format(sql.Identifier(table), sql.Identifier(column))
            cursor.execute(query.as_string(None), [patterns])
            if rows := cursor.fetchone()[0]:
                yield Left(table, column, rows)


def _literal(word: str) -> str:
    for sign in ("\\", "%", "_"):
        word = word.replace(sign, f"\\{sign}")
    return word
