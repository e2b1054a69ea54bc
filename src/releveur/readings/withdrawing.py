"""A reading is taken back: it stays written, and counts no more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q

from releveur.accounts.models import User
from releveur.customers.models import Contact
from releveur.readings.models import Reading, Withdrawal


def withdraw(
    readings: Iterable[Reading], *, by: Contact | User | None, reason: str, now: datetime
) -> None:
    """Write that these readings are taken back, by whom and why."""
    Withdrawal.objects.bulk_create(
        Withdrawal(
            reading=reading,
            by_contact=by if isinstance(by, Contact) else None,
            by_user=by if isinstance(by, User) else None,
            reason=reason,
            withdrawn_at=now,
        )
        for reading in readings
    )


def starts_of(readings: Iterable[Reading]) -> list[Reading]:
    """The bounds of segments that were recorded together with these readings, and still count.

    Where a segment began at 0; and where the one before ended, of a counter that rolled over.
    """
    together = [
        Q(
            meter=one.meter_id,
            segment__in=[one.segment - 1, one.segment],
            recorded_at=one.recorded_at,
        )
        for one in readings
    ]
    if not together:
        return []
    starts = Reading.objects.filter(reduce(or_, together), occasion=Reading.Occasion.NEW_METER)
    return list(starts.filter(withdrawal=None))
