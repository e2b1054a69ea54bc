"""Rows whose key is among many others: one array is sent, where `__in` sends a parameter for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Lookup
from django.db.models.sql.compiler import SQLCompiler


class Among(Lookup):
    """`filter(Among("meter", meters))`: that key is one of these, however many."""

    lookup_name = "among"
    type = "bigint"

    def __init__(self, key: str, these: Iterable[Any]) -> None:
        super().__init__(F(key), self.array(these))

    def array(self, these: Iterable[Any]) -> object:
        return array(these)

    def get_prep_lookup(self) -> Any:
        return self.rhs

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        key, parameters = self.process_lhs(compiler, connection)
        return f"{key} = ANY(%s::{self.type}[])", (*parameters, self.rhs)


class AmongTexts(Among):
    """The same of a key that is a text."""

    type = "text"

    def array(self, these: Iterable[Any]) -> object:
        return list(these)


def array(these: Iterable[int | None]) -> str:
    """Write keys as PostgreSQL reads an array, which takes psycopg's own adaptation ten times longer."""
    keys = ",".join("NULL" if one is None else str(int(one)) for one in these)
    return f"{{{keys}}}"
