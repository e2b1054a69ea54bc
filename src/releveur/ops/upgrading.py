"""Before an upgrade: which migrations wait, what they lock and how much stands there, and what speaks against now.

Run it with the new version's program before `migrate`: it reads, and writes nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import cast

from django.conf import settings
from django.db import connection
from django.db.migrations import Migration, operations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.utils.translation import gettext as _

from releveur.campaigns.models import Campaign
from releveur.ops import remembering
from releveur.ops.doctor import at_work
from releveur.ops.doctor.checks import machine_seconds, value

OLDEST_BACKUP = timedelta(hours=24)
NEAR = timedelta(hours=24)
"""Who answers at the last hour must find the page."""

SLOW_ROWS = 1_000_000
"""Rows from which a lock that reads or writes a whole table is felt: some seconds."""

WHOLE_TABLE = (
    operations.AlterField,
    operations.AddIndex,
    operations.AddConstraint,
    operations.AlterUniqueTogether,
)
"""These read or write every row under a lock; to add a column or a table takes an instant."""


@dataclass(frozen=True, slots=True)
class Step:
    migration: str
    locks: Sequence[str]
    """Tables that nobody writes to meanwhile."""
    rows: int
    """Rows that are read or written under that lock, as PostgreSQL estimates them."""


@dataclass(frozen=True, slots=True)
class Plan:
    releveur: str
    postgresql: str
    steps: Sequence[Step]
    database_bytes: int
    free_bytes: int
    backup_at: str | None
    closing_soon: Sequence[int]
    """Open campaigns whose deadline is within a day."""
    against: Sequence[str] = field(default_factory=list)
    """Sentences that speak against upgrading now."""


def look(*, now: datetime) -> Plan:
    """What an upgrade would do, and what speaks against doing it now."""
    steps = [_step(migration) for migration in pending()]
    plan = Plan(
        releveur=version("releveur"),
        postgresql=str(value("show server_version")),
        steps=steps,
        database_bytes=cast("int", value("select pg_database_size(current_database())")),
        free_bytes=shutil.disk_usage(settings.DATA_DIR).free,
        backup_at=_backup_at(),
        closing_soon=_closing_soon(now),
    )
    return Plan(
        **{
            **{name: getattr(plan, name) for name in Plan.__slots__},
            "against": list(_against(plan)),
        }
    )


def pending() -> list[Migration]:
    """What `migrate` would apply, in its order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [migration for migration, _backwards in plan]


def _step(migration: Migration) -> Step:
    locked = {
        f"{migration.app_label}_{table}": isinstance(operation, WHOLE_TABLE)
        for operation in migration.operations
        for table in _tables(operation)
    }
    rows = sum(_rows(table) for table, is_whole in locked.items() if is_whole)
    return Step(f"{migration.app_label}.{migration.name}", sorted(locked), rows)


def _tables(operation: Operation) -> Iterator[str]:
    """Tables that exist already: to make one locks nobody."""
    if isinstance(operation, operations.CreateModel):
        return
    name = getattr(operation, "model_name", None)
    if name:
        yield str(name).lower()


def _rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(max(reltuples), 0) from pg_class where relname = %s", [table]
        )
        [estimate] = cursor.fetchone()
    return max(int(estimate), 0)


def _backup_at() -> str | None:
    note = remembering.last_backup()
    return str(note["made_at"]) if note else None


def _closing_soon(now: datetime) -> list[int]:
    near = Campaign.objects.filter(state=Campaign.State.OPEN, closes_at__range=(now, now + NEAR))
    return list(near.order_by("pk").values_list("pk", flat=True))


def _against(plan: Plan) -> Iterator[str]:
    made = datetime.fromisoformat(plan.backup_at) if plan.backup_at else None
    if made is None or datetime.fromtimestamp(machine_seconds(), UTC) - made > OLDEST_BACKUP:
        yield _("There is no backup of the last 24 hours: `releveur backup FILE`.")
    if plan.free_bytes < max(plan.database_bytes // 5, at_work.LEAST_FREE_BYTES):
        yield _("Less room is free than a fifth of the database takes.")
    for step in plan.steps:
        if step.rows > SLOW_ROWS:
            yield _("%(migration)s locks %(tables)s with %(rows)d rows: do it at night.") % {
                "migration": step.migration, "tables": ", ".join(step.locks), "rows": step.rows,
            }  # fmt: skip
    if plan.closing_soon:
        yield _("A campaign closes within 24 hours: wait for it, or be quick.")
