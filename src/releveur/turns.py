"""What only one process does at a time: the advisory locks of the house, no two with one number."""

from __future__ import annotations

from enum import IntEnum

from django.db import connection


class Turn(IntEnum):
    OPENING = 7_021_304
    IMPORTING = 7_021_305
    ANNOUNCING = 7_021_306
    LEASING = 7_021_307
    """Of mails, while a limit is counted."""


def wait(turn: Turn) -> None:
    """Wait until nobody else has this turn, and keep it to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [turn])
