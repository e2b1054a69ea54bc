"""Rows point to the readings that fill them: one statement, whatever their number."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import connection

from releveur.among import array
from releveur.campaigns.models import DueReading

POINT = """
    UPDATE campaigns_duereading AS row SET reading_id = filled.reading
    FROM unnest(%s::bigint[], %s::bigint[]) AS filled(id, reading) WHERE row.id = filled.id
"""


def save(rows: Collection[DueReading]) -> None:
    """Write the `reading` of rows that the caller holds; Django's bulk update takes ten times longer."""
    point([row.pk for row in rows], [row.reading_id for row in rows])


def point(rows: Sequence[int], readings: Sequence[int | None]) -> None:
    """Point each of these rows, which the caller holds, to its reading."""
    with connection.cursor() as cursor:
        cursor.execute(POINT, [array(rows), array(readings)])
