"""The bulk bridge from rows to arrays: what a query finds, column by column.

Hundreds of thousands of readings pass it without becoming objects one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db.models import Aggregate, BinaryField, QuerySet
from numpy.typing import NDArray

HEADER = 20
"""Of an array as PostgreSQL sends it (`array_send`): then each member, its length in four bytes before it."""

type Columns = dict[str, NDArray[Any]]


class OtherTypes(Exception):
    """A column is not of the type that was named, or has something empty in it."""


class _Sent(Aggregate):
    function = "array_agg"
    template = "array_send(%(function)s(%(expressions)s))"
    output_field = BinaryField()


def columns(rows: QuerySet[Any], **types: str) -> Columns:
    """Read columns of whole numbers, days and truths, none of them NULL; the rows come in any order.

    :param types: of each field or annotation, as numpy names them: `i8` bigint, `i4` integer, `i2`
        smallint, `?` boolean; `i4` a day as well, counted from 1 January 2000
    :raises OtherTypes: the database has others
    """
    found = rows.aggregate(**{f"{name}_sent": _Sent(name) for name in types})
    return {
        name: _members(name, found[f"{name}_sent"], np.dtype(kind).newbyteorder(">"))
        for name, kind in types.items()
    }


def _members(name: str, sent: memoryview | None, kind: np.dtype[Any]) -> NDArray[Any]:
    if sent is None:  # no row at all
        return np.empty(0, dtype=kind.newbyteorder("="))
    member = np.dtype([("length", ">i4"), ("value", kind)])
    count, rest = divmod(len(sent) - HEADER, member.itemsize)
    if rest:
        raise OtherTypes(name)
    members = np.frombuffer(sent, member, count=count, offset=HEADER)
    if (members["length"] != kind.itemsize).any():
        raise OtherTypes(name)
    return members["value"].astype(kind.newbyteorder("="))
