"""Rows point to the readings that fill them: one statement, whatever their number."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from releveur.campaigns.models import DueReading

POINT = """
    UPDATE campaigns_duereading AS row SET reading_id = filled.reading
    FROM unnest(%s::bigint[], %s::bigint[]) AS filled(id, reading) WHERE row.id = filled.id
"""


def save(rows: Collection[DueReading]) -> None:
    """Write the `reading` of rows that the caller holds; Django's bulk update takes ten times longer."""
    with connection.cursor() as cursor:
        cursor.execute(POINT, [[row.pk for row in rows], [row.reading_id for row in rows]])
