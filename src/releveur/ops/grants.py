"""What the application's role may do: write everywhere, but never change what is written once."""

from __future__ import annotations

from django.db import connection
from django.db.backends.utils import CursorWrapper

WRITTEN_ONCE = (
    "readings_reading",
    "readings_withdrawal",
    "readings_finding",
    "readings_proof",
    "readings_photoerased",
    "readings_billed",
    "campaigns_receipt",
    "campaigns_receiptline",
    "campaigns_basisline",
    "audit_entry",
    "audit_seal",
)
"""Tables whose rows are inserted complete, then neither updated nor deleted by anybody."""


def write(role: str) -> None:
    """Give a role of the database its rights on every table there is; runs as the owner of the tables."""
    name = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        cursor.execute(f"grant usage on schema public to {name}")
        cursor.execute(
            f"grant select, insert, update, delete on all tables in schema public to {name}"
        )
        cursor.execute(f"grant usage, select, update on all sequences in schema public to {name}")
        for table in _existing(cursor):
            cursor.execute(
                f"revoke update, delete on {connection.ops.quote_name(table)} from {name}"
            )


def _existing(cursor: CursorWrapper) -> list[str]:
    there = connection.introspection.table_names(cursor)
    return [table for table in WRITTEN_ONCE if table in there]
