"""What would leave if the hold ended now: for the operator who has to say yes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Min

from releveur.campaigns import steps
from releveur.outbox import holding
from releveur.outbox.models import Hold, Mail


@dataclass(frozen=True, slots=True)
class Waiting:
    why: Hold.Why | None
    mails: Mapping[str, int]
    """Mails owed, by kind."""
    owed_since: datetime | None
    reminders: int
    """Reminders that the next tick would owe."""
    closes: int
    """Campaigns that the next tick would close."""


def waiting(*, now: datetime) -> Waiting:
    """Count what is owed and what became due meanwhile; nothing is changed."""
    owed = Mail.objects.filter(state=Mail.State.OWED)
    kinds = owed.order_by("kind").values_list("kind").annotate(Count("pk"))
    with transaction.atomic():
        due = steps.take_due_steps(now=now)
        transaction.set_rollback(True)
    return Waiting(
        why=holding.why(),
        mails=dict(kinds),
        owed_since=owed.aggregate(at=Min("owed_at"))["at"],
        reminders=due.reminders,
        closes=due.closed,
    )
