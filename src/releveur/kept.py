"""Questions asked again and again: Django writes their SQL once, PostgreSQL plans it once a connection.

A page of ten small questions spends most of its time on writing and planning them anew for each reader. A
kept question is an ordinary queryset with places (`Given`) for what is said when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import cached_property, wraps
from typing import Any, cast
from weakref import WeakSet

import psycopg
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet, Value

from releveur.among import array

_Planning: Any = ServerBindingCursor

STALE = "0A000"
"""SQLSTATE of a plan that a migration made impossible: it is made anew."""


_may_be_done_again: ContextVar[bool] = ContextVar("_may_be_done_again", default=False)


def again[**P, R](verb: Callable[P, R]) -> Callable[P, R]:
    """Let a verb that is one whole transaction use the plans of its connection.

    One that a migration made impossible ends the transaction, and with it every plan: it is done again.
    """

    @wraps(verb)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return verb(*args, **kwargs)
        token = _may_be_done_again.set(True)
        try:
            return verb(*args, **kwargs)
        except NotSupportedError as fault:
            if not _is_stale(fault):
                raise
            return verb(*args, **kwargs)
        finally:
            _may_be_done_again.reset(token)

    return wrapper


def _is_stale(fault: NotSupportedError) -> bool:
    return getattr(fault.__cause__, "sqlstate", None) == STALE


class Given(Value):
    """The place of one value, by its name; on the right side of a lookup."""

    def as_sql(self, compiler: object, connection: object) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)

    def said(self, given: Mapping[str, object]) -> object:
        return given[self.value]


class AnyGiven(Given):
    """The place of many numbers, of which the column holds one: `meter=AnyGiven("meters")`.

    A subselect would join last of all, behind the eight tables that PostgreSQL orders together.
    """

    def as_sql(self, compiler: object, connection: object) -> tuple[str, tuple[Any, ...]]:
        return "ANY(%s::bigint[])", (self,)

    def said(self, given: Mapping[str, object]) -> object:
        return array(cast("Iterable[int]", given[self.value]))


class Kept[Row]:
    def __init__(self, question: Callable[[], QuerySet[Any, Row]]) -> None:
        """Keep a question; it is written when it is first asked.

        :param question: makes the queryset, with its places; it ends in models, or in `values_list`, flat if
            there is one column
        """
        self._question = question

    def ask(self, **given: object) -> list[Row]:
        """The rows as they stand now; instances of models that lead to the same row lead to the same instance."""
        return self._written.ask(given)

    def first(self, **given: object) -> Row | None:
        """Of a question for one row at most."""
        return next(iter(self.ask(**given)), None)

    @cached_property
    def _written(self) -> _Written:
        return _Written(self._question())


class _Written:
    """A queryset with its SQL, and what becomes of its rows."""

    def __init__(self, queryset: Any) -> None:
        compiler = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
        self.sql, params = compiler.as_sql()
        self.params: Sequence[object] = params
        columns = [column for column, *_rest in compiler.select]
        self.converters = list(compiler.get_converters(columns).items())
        self.annotations = list((compiler.annotation_col_map or {}).items())
        self.is_flat = len(columns) == 1
        self.maker = _Maker(compiler.klass_info, columns) if queryset.query.default_cols else None

    def ask(self, given: Mapping[str, object]) -> list[Any]:
        rows = self._run(
            [one.said(given) if isinstance(one, Given) else one for one in self.params]
        )
        if self.converters:
            rows = [self._converted(row) for row in rows]
        if self.maker:
            return self._instances(rows, self.maker)
        return [row[0] for row in rows] if self.is_flat else rows

    def _instances(self, rows: Iterable[Sequence[Any]], maker: _Maker) -> list[Any]:
        made: Made = {}
        found = []
        for row in rows:
            one = maker.make(row, made)
            for name, place in self.annotations:
                setattr(one, name, row[place])
            found.append(one)
        return found

    def _converted(self, row: Sequence[Any]) -> Sequence[Any]:
        """What Django itself makes of some columns, JSON above all."""
        values = list(row)
        for place, (converters, column) in self.converters:
            for converter in converters:
                values[place] = converter(values[place], column, connection)
        return values

    def _run(self, values: Sequence[Any]) -> Any:
        with connection.cursor() as cursor:
            if not self._is_planned():
                cursor.execute(self.sql, values)
                return cursor.fetchall()
            _prefer_kept_plans(cursor)
            # Only a cursor that sends values apart from the SQL finds its plan again.
            plain, cursor.cursor = cursor.cursor, _Planning(connection.connection)
            try:
                cursor.execute(self.sql, values)
            except NotSupportedError as fault:
                if not _is_stale(fault) or connection.in_atomic_block:
                    raise
                cursor.cursor = plain
                cursor.execute("DEALLOCATE ALL")
                cursor.execute(self.sql, values)
            return cursor.fetchall()

    def _is_planned(self) -> bool:
        """Whether this connection keeps plans, and a stale one does no harm: within a transaction it ends it."""
        may_fail = not connection.in_atomic_block or _may_be_done_again.get()
        return may_fail and connection.connection.prepare_threshold is not None


def _prefer_kept_plans(cursor: CursorWrapper) -> None:
    """Of ten joined tables a plan for just these values gains less than it costs to make; PostgreSQL does not know."""
    if connection.connection not in _preferring:
        cursor.execute("SET plan_cache_mode = force_generic_plan")
        _preferring.add(connection.connection)


_preferring: WeakSet[psycopg.Connection] = WeakSet()


class _Maker:
    """Makes the instances of one model, and those they lead to, of the columns of a row."""

    def __init__(self, said: Mapping[str, Any], columns: Sequence[Any]) -> None:
        self.model, places = said["model"], said["select_fields"]
        self.columns = slice(places[0], places[-1] + 1)
        self.names = [column.target.attname for column in columns[self.columns]]
        self.key = places[0] + self.names.index(self.model._meta.pk.attname)  # noqa: SLF001  # Django's documented way to a model's fields
        self.link: Any = said.get("local_setter")
        self.link_back: Any = said.get("remote_setter")
        self.further = [_Maker(one, columns) for one in said.get("related_klass_infos", ())]

    def make(self, row: Sequence[Any], made: Made) -> Any:
        """An instance with all it leads to."""
        one = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.columns])
        for maker in self.further:
            other = maker.shared(row, made)
            maker.link(one, other)
            if other is not None:
                maker.link_back(other, one)
        return one

    def shared(self, row: Sequence[Any], made: Made) -> Any:
        """The instance of this row that another led to before, if one did; None where there is no row."""
        key = row[self.key]
        if key is None:
            return None
        if (self, key) not in made:
            made[self, key] = self.make(row, made)
        return made[self, key]


type Made = dict[tuple[_Maker, Any], Any]
"""The instances that those of one answer lead to: the same row is the same instance."""
