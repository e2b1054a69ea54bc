"""What is due now in every campaign: filled, reminded, moved, closed. Run it every minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, QuerySet

from releveur.campaigns import closing, filling, reminding
from releveur.campaigns.models import Campaign, Invitation
from releveur.rules.schedule import GRACE


@dataclass(frozen=True, slots=True)
class Taken:
    """How much one call did."""

    filled: int = 0
    reminders: int = 0
    moved: int = 0
    closed: int = 0

    @property
    def anything(self) -> bool:
        return bool(self.filled or self.reminders or self.moved or self.closed)


def take_due_steps(*, now: datetime) -> Taken:
    """Take every step that is due; two workers at once take each step once.

    A campaign found closing was interrupted: its close goes on where it stopped.
    """
    filled = filling.fill(now=now)
    reminders = moved = closed = 0
    for pk in _in_state(Campaign.State.OPEN):
        moved += reminding.move_deadlines(pk, now=now)
        reminders += reminding.owe(pk, now=now)
        closing.begin(pk, now=now)
    for pk in _in_state(Campaign.State.CLOSING):
        closing.finish(pk, now=now)
        closed += 1
    return Taken(filled, reminders, moved, closed)


def next_at(*, now: datetime) -> datetime | None:
    """The next instant at which a step becomes due, for those who wait for it."""
    running = Campaign.objects.filter(state=Campaign.State.OPEN)
    closes = running.aggregate(at=Min("closes_at"))["at"]
    instants = [closes + GRACE] if closes else []
    for number, what in enumerate(reminding.REMINDERS, 1):
        field = f"reminder_{number}_at"
        waiting = reminding.silent(_asked_in(running)).exclude(notices__what=what)
        soonest = waiting.filter(**{f"{field}__gt": now}).aggregate(at=Min(field))["at"]
        instants += [soonest] if soonest else []
    return min((at for at in instants if at > now), default=None)


def _asked_in(campaigns: QuerySet[Campaign]) -> QuerySet[Invitation]:
    return Invitation.objects.filter(campaign__in=campaigns)


def _in_state(state: Campaign.State) -> list[int]:
    return list(Campaign.objects.filter(state=state).order_by("pk").values_list("pk", flat=True))
