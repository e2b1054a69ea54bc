"""Whether it works now: the checks that a load balancer asks for every few seconds."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import cast

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from releveur import clock
from releveur.ops.doctor.checks import Check, Found, value
from releveur.outbox import holding
from releveur.outbox.models import Mail

LEAST_FREE_BYTES = 200 * 1024 * 1024
LEAST_FREE_SHARE = 0.05
LONGEST_TICK_SECONDS = 300
LONGEST_OWED = timedelta(hours=6)


def database() -> Found:
    value("select 1")
    return Found(ok=True, reading="answers")


def migrations() -> Found:
    """Everything this version brings was applied."""
    missing = _brought() - set(MigrationRecorder(connection).applied_migrations())
    reading = f"{len(missing)} not applied" if missing else "all applied"
    return Found(not missing, reading, _("Run `releveur migrate`.") if missing else "")


@cache
def _brought() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).disk_migrations)


def disk() -> Found:
    """Free room where photos, logs of the embedded server and secrets are."""
    there = shutil.disk_usage(settings.DATA_DIR)
    share = there.free / there.total
    enough = share >= LEAST_FREE_SHARE and there.free > LEAST_FREE_BYTES
    reading = f"{share:.0%} free, {there.free // 2**20} MB"
    advice = "" if enough else _("Free some room in the data folder, or give it a larger disk.")
    return Found(enough, reading, advice)


def tick() -> Found:
    """A worker did what was due a moment ago."""
    seconds = value(
        "select extract(epoch from clock_timestamp() - max(ticked_at)) from outbox_hold"
    )
    start = _("Start a worker: `releveur work`, or `releveur serve --with-worker`.")
    if seconds is None:
        return Found(ok=False, reading="never", advice=start)
    age = round(float(cast("float", seconds)))
    alive = age < LONGEST_TICK_SECONDS
    return Found(alive, f"{age} s ago", "" if alive else start)


def oldest_mail() -> Found:
    """How long the mail that waits longest has been owed; business time, as it was owed by it."""
    at = Mail.objects.filter(state=Mail.State.OWED).aggregate(at=Min("owed_at"))["at"]
    if at is None:
        return Found(ok=True, reading="none owed")
    waited = clock.now() - at
    fine = waited < LONGEST_OWED
    advice = _("Look whether a worker runs and the mail server takes mail: `releveur doctor`.")
    return Found(fine, f"{round(waited.total_seconds())} s", "" if fine else advice)


def hold() -> Found:
    why = holding.why()
    if why is None:
        return Found(ok=True, reading="none")
    advice = _("See what waits with `releveur confirm_sending --dry-run`, then let it leave.")
    return Found(ok=False, reading=str(why.value), advice=advice)


READY: Sequence[Check] = (
    Check("database", database),
    Check("migrations", migrations),
    Check("disk", disk),
    Check("tick", tick),
    Check("oldest_mail", oldest_mail),
    Check("hold", hold),
)
