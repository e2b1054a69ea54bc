"""Questions asked again and again: Django writes their SQL once, PostgreSQL plans it once a connection.

A page of ten small questions spends most of its time on writing and planning them anew for each reader. A
kept question is an ordinary queryset with places (`Given`) for what is said when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any, cast

from django.db import NotSupportedError, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

_Planning: Any = ServerBindingCursor

STALE = "0A000"
"""SQLSTATE of a plan that a migration made impossible: it is made anew."""


class Given(Value):
    """The place of one value, by its name; on the right side of a lookup."""

    def as_sql(self, compiler: object, connection: object) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class EachGiven(Given):
    """The place of many numbers: `meter__in=EachGiven("meters")`."""

    def as_sql(self, compiler: object, connection: object) -> tuple[str, tuple[Any, ...]]:
        return "(SELECT unnest(%s::bigint[]))", (self,)


class Kept[Row]:
    def __init__(self, question: Callable[[], QuerySet[Any, Row]]) -> None:
        """Keep a question; it is written when it is first asked.

        :param question: makes the queryset, with its places
        """
        self._question = question

    def ask(self, **given: object) -> list[Row]:
        """The rows as they stand now; instances of models or tuples, as the queryset says."""
        asked = self._written
        query: Any = _Bound(asked, given)
        fresh: Any = QuerySet(asked.queryset.model, query=query)
        # What shapes the rows is kept by the queryset, not by its query.
        fresh._iterable_class, fresh._fields = asked.shape  # noqa: SLF001
        return list(fresh)

    def first(self, **given: object) -> Row | None:
        """Of a question for one row at most."""
        return next(iter(self.ask(**given)), None)

    @cached_property
    def _written(self) -> _Written:
        return _Written(self._question())


class _Written:
    """A queryset with its SQL."""

    def __init__(self, queryset: Any) -> None:
        self.queryset = queryset
        self.shape = queryset._iterable_class, queryset._fields  # noqa: SLF001  # as above
        self.compiler = queryset.query.get_compiler(using=queryset.db)
        self.sql, params = self.compiler.as_sql()
        self.params: Sequence[object] = params
        columns = [column for column, *_rest in self.compiler.select]
        self.converters: dict[int, Any] = self.compiler.get_converters(columns)

    def bound(self, given: Mapping[str, object]) -> list[Any]:
        return [given[one.value] if isinstance(one, Given) else one for one in self.params]


class _Bound:
    """Stands where a queryset looks for its query: knows how to run it, and nothing else."""

    values_select = ()

    def __init__(self, written: _Written, given: Mapping[str, object]) -> None:
        self._written = written
        self._given = given

    def get_compiler(self, using: str) -> _Compiler:
        compiler: Any = copy(self._written.compiler)
        compiler.__class__ = _Compiler
        compiler.connection = connections[using]
        compiler.written, compiler.given = self._written, self._written.bound(self._given)
        return cast("_Compiler", compiler)


class _Compiler(SQLCompiler):
    """A compiler that has done its work: it runs the SQL that was written before."""

    written: _Written
    given: list[Any]

    def execute_sql(self, *_args: Any, **_kwargs: Any) -> Any:
        with self.connection.cursor() as cursor:
            if self._is_kept():
                self._run_planned(cursor)
            else:
                cursor.execute(self.written.sql, self.given)
            return [cursor.fetchall()]

    def get_converters(self, expressions: object) -> dict[int, Any]:
        return self.written.converters

    def _is_kept(self) -> bool:
        """Whether this connection keeps plans. Within a transaction a stale one would end it: there, all is planned
        as it is asked.
        """
        raw = self.connection.connection
        return raw.prepare_threshold is not None and not self.connection.in_atomic_block

    def _run_planned(self, cursor: CursorWrapper) -> None:
        """Only a cursor that sends values apart from the SQL finds the plan again."""
        plain, cursor.cursor = cursor.cursor, _Planning(self.connection.connection)
        try:
            cursor.execute(self.written.sql, self.given)
        except NotSupportedError as fault:
            if getattr(fault.__cause__, "sqlstate", None) != STALE:
                raise
            cursor.cursor = plain
            cursor.execute("DEALLOCATE ALL")
            cursor.execute(self.written.sql, self.given)
