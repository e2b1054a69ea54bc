"""The hold: mails wait for an operator's word where the database may have lived twice.

A restored backup owes again what left since; a copy on another machine owes what the first one sends.
Four facts hold everything back until `confirm`: a restore said so; the database belongs to another
installation than this data folder; it knows less than this machine has seen (a plain `pg_restore`); or
nothing ran for more than a day. Ticks are counted, not timed, so that no clock has to be right; only
the day's silence is measured, on the database's own clock, and not at all under a test clock.
"""

from __future__ import annotations

import json
import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet

from releveur.clock.machine import MachineNow
from releveur.outbox.models import Hold

log = logging.getLogger(__name__)

LONGEST_SILENCE = timedelta(hours=26)
"""A day, and the hours by which a nightly stop may be late."""

SAID_EVERY_SECONDS = 60


_SILENT = Q(ticked_at__lt=MachineNow() - LONGEST_SILENCE)


@dataclass(slots=True)
class _Said:
    at: float = -SAID_EVERY_SECONDS


_said = _Said()


def why() -> Hold.Why | None:
    """What keeps every mail here, if anything: one small query, asked before each delivery."""
    silent = ExpressionWrapper(_SILENT, output_field=BooleanField())
    row = Hold.objects.annotate(silent=silent).filter(pk=1).first()
    if row is None or settings.DEMO:
        return None
    if row.why:
        return Hold.Why(row.why)
    if row.installation != settings.INSTALLATION:
        return Hold.Why.CLONED
    if _seen_here(row) > row.ticks:
        return Hold.Why.REWOUND
    return Hold.Why.ASLEEP if row.silent and not settings.TEST_CLOCK else None


def is_on() -> bool:
    """Whether nothing may leave; said in the log once a minute at most."""
    reason = why()
    if reason is None:
        return False
    if time.monotonic() - _said.at >= SAID_EVERY_SECONDS:
        _said.at = time.monotonic()
        log.warning("no mail leaves (%s): see `releveur confirm_sending`", reason)
    return True


def beat() -> None:
    """Count one tick; the silence it ends, or the past it finds, is written down as a hold."""
    first = {"installation": settings.INSTALLATION, "epoch": uuid4()}
    row, _is_new = Hold.objects.get_or_create(pk=1, defaults=first)
    if _seen_here(row) > row.ticks:
        hold(Hold.Why.REWOUND)
    elif not (settings.TEST_CLOCK or settings.DEMO):
        _held_now(Hold.objects.filter(_SILENT), Hold.Why.ASLEEP)
    Hold.objects.filter(pk=1).update(ticks=F("ticks") + 1, ticked_at=MachineNow())
    row.refresh_from_db()
    if not row.why and row.installation == settings.INSTALLATION:
        transaction.on_commit(lambda: _remember(row))


def hold(reason: Hold.Why) -> None:
    """Let nothing leave from now on; what is held already keeps its reason."""
    first = {"installation": settings.INSTALLATION, "epoch": uuid4()}
    Hold.objects.get_or_create(pk=1, defaults=first)
    _held_now(Hold.objects.all(), reason)


def confirm() -> None:
    """An operator's word: this installation is the one that sends, and what it owes may leave."""
    anew = {"installation": settings.INSTALLATION, "epoch": uuid4(), "why": "", "since": None}
    Hold.objects.update_or_create(pk=1, defaults=anew)
    Hold.objects.filter(pk=1).update(ticked_at=MachineNow())


def _held_now(rows: QuerySet[Hold], reason: Hold.Why) -> None:
    rows.filter(pk=1, why="").update(why=reason, since=MachineNow())


def _seen_here(row: Hold) -> int:
    """How many ticks of this database's present life the data folder remembers."""
    try:
        seen = json.loads(_memory().read_text())
    except (OSError, ValueError):
        return 0
    return int(seen["ticks"]) if seen.get("epoch") == str(row.epoch) else 0


def _remember(row: Hold) -> None:
    """Beside the database, so that no dump of it takes this along; a full disk stops no tick."""
    draft = _memory().with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        draft.write_text(json.dumps({"epoch": str(row.epoch), "ticks": row.ticks}))
        draft.replace(_memory())


def _memory() -> Path:
    return Path(settings.DATA_DIR, "last_tick.json")
