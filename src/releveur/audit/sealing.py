"""Every minute the new entries are sealed: each by its digest, all of them chained to the seal before.

Whoever changes an entry later has to rewrite every seal after it, and then the last hash is another
than the one somebody kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connection, transaction

from releveur.audit.models import Entry, Seal, Unsealed

CHUNK = 500
"""Entries of one seal: some forty kilobytes."""

ONE_AT_A_TIME = 7_021_306
FIRST = "0" * 64
"""What the first seal stands on."""

VERSION = 1

type Digests = Sequence[tuple[int, str]]


def seal() -> int:
    """Seal all that waits, a seal per `CHUNK` entries; a second worker leaves it to the first.

    :returns: how many entries were sealed by this call
    """
    sealed = 0
    while Unsealed.objects.exists():
        some = _seal_some()
        if not some:
            break
        sealed += some
    return sealed


@transaction.atomic
def _seal_some() -> int:
    if not _alone():
        return 0
    waiting = list(Unsealed.objects.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    entries = Entry.objects.filter(pk__in=waiting).order_by("pk")
    digests = [(entry.pk, digest(entry)) for entry in entries]
    if not digests:
        return 0
    last = Seal.objects.order_by("-pk").first()
    previous = last.hash if last else FIRST
    sealed_at = _machine_now()
    Seal.objects.create(
        previous=previous,
        digests=digests,
        hash=chained(previous, digests, sealed_at),
        sealed_at=sealed_at,
    )
    Unsealed.objects.filter(pk__in=waiting).delete()
    return len(digests)


def digest(entry: Entry) -> str:
    """SHA-256 of an entry in one way of writing it, that neither settings nor versions change."""
    return _hashed(
        [
            VERSION,
            entry.pk,
            _instant(entry.at),
            _instant(entry.recorded_at),
            entry.actor,
            entry.actor_id,
            entry.name_digest,
            entry.action,
            entry.subject,
            entry.subject_id,
            entry.subject_key,
            entry.before,
            entry.after,
            entry.why,
            entry.rows,
            entry.digest,
        ]
    )


def chained(previous: str, digests: Digests, sealed_at: datetime) -> str:
    """SHA-256 of a seal: what it covers, when, and the seal it stands on."""
    return _hashed([VERSION, previous, [list(one) for one in digests], _instant(sealed_at)])


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        return bool(cursor.fetchone()[0])


def _machine_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _hashed(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
