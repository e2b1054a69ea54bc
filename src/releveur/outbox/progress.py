"""How the sending goes: what is owed, at which pace it leaves, when it will be done."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TypedDict

from django.conf import settings
from django.db.models import Count, Q

from releveur.clock.machine import MachineNow
from releveur.outbox import pacing
from releveur.outbox.models import Mail, Pace

SEEN = timedelta(minutes=5)
"""The pace is what left in these last minutes."""


class Progress(TypedDict):
    """Mails owed, of these urgent, tried in vain so far, and on their way; the pace; minutes to go."""

    owed: int
    urgent: int
    put_off: int
    on_the_way: int
    a_minute: float
    minutes_left: int | None
    """None: nothing left lately, so nobody can tell."""

    last_24_hours: int
    most_in_24_hours: int | None
    slowed: list[dict[str, object]]


def progress() -> Progress:
    """The whole outbox; two counts and the paces that servers asked for."""
    counts = Mail.objects.filter(state=Mail.State.OWED).aggregate(
        owed=Count("pk"),
        urgent=Count("pk", filter=Q(priority__gt=0)),
        put_off=Count("pk", filter=Q(next_try_at__gt=MachineNow())),
        on_the_way=Count("pk", filter=Q(lease_until__gt=MachineNow())),
    )
    slowed = Pace.objects.filter(until__gt=MachineNow()).order_by("domain")
    return {
        "owed": counts["owed"],
        "urgent": counts["urgent"],
        "put_off": counts["put_off"],
        "on_the_way": counts["on_the_way"],
        "a_minute": a_minute(),
        "minutes_left": minutes_left(counts["owed"]),
        "last_24_hours": pacing.handed_since(pacing.DAY).count(),
        "most_in_24_hours": settings.MAILS_A_DAY or None,
        "slowed": [_told(pace) for pace in slowed],
    }


def a_minute() -> float:
    """Mails that left in a minute lately."""
    return pacing.handed_since(SEEN).count() / (SEEN / pacing.MINUTE)


def minutes_left(owed: int) -> int | None:
    """Whole minutes until so many mails will have left at today's pace; None where nothing leaves."""
    if not owed:
        return 0
    pace = a_minute()
    return math.ceil(owed / pace) if pace else None


def _told(pace: Pace) -> dict[str, object]:
    return {
        "domain": pace.domain or "*",
        "a_minute": pace.a_minute,
        "one_by_one": pace.one_by_one,
        "until": pace.until,
    }
