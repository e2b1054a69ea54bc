"""What is due now in every campaign: filled, reminded, moved, closed. Run it every minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from releveur.campaigns import closing, filling, leaving, reminding
from releveur.campaigns.models import Campaign, Invitation, Notice
from releveur.rules.schedule import GRACE, OPENS, PARIS


@dataclass(frozen=True, slots=True)
class Taken:
    """How much one call did."""

    filled: int = 0
    reminders: int = 0
    moved: int = 0
    closed: int = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            self.filled + other.filled,
            self.reminders + other.reminders,
            self.moved + other.moved,
            self.closed + other.closed,
        )


def take_due_steps(*, now: datetime) -> Taken:
    """Take every step that is due; two workers at once take each step once.

    A campaign found closing was interrupted: its close goes on where it stopped.

    :raises ExceptionGroup: some campaigns failed; the others' steps are taken
    """
    leaving.bring_all_forward()
    taken = Taken(filled=filling.fill(now=now))
    closing.estimate_the_gone(now=now)
    faults: list[Exception] = []
    for pk in _in_state(Campaign.State.OPEN, Campaign.State.CLOSING):
        try:
            taken += _steps_of(pk, now=now)
        except Exception as fault:  # noqa: BLE001  # one campaign must not hold up the others
            faults.append(fault)
    if faults:
        raise ExceptionGroup("steps of campaigns", faults)
    return taken


def _steps_of(campaign: int, *, now: datetime) -> Taken:
    moved = reminding.move_deadlines(campaign, now=now)
    reminders = reminding.owe(campaign, now=now)
    closing.begin(campaign, now=now)
    closes = Campaign.objects.filter(pk=campaign, state=Campaign.State.CLOSING).exists()
    if closes:
        closing.finish(campaign, now=now)
    return Taken(0, reminders, moved, int(closes))


def next_at(*, now: datetime) -> datetime | None:
    """The next instant at which a step becomes due, for those who wait for it."""
    running = Campaign.objects.filter(state=Campaign.State.OPEN, paused_at=None)
    closes = running.filter(closes_at__gt=now - GRACE).aggregate(at=Min("closes_at"))["at"]
    instants = [closes + GRACE] if closes else []
    still_quiet = Q(contact__quiet_until__gt=now.astimezone(PARIS).date())
    for number, what in enumerate(reminding.REMINDERS, 1):
        field = f"reminder_{number}_at"
        owed = Notice.objects.filter(
            invitation=OuterRef("pk"), what=what, owed_at__gte=OuterRef("invited_at")
        )
        waiting = reminding.awaited(_asked_in(running)).exclude(Exists(owed))
        instants += [
            max(at, _wakes_on(day)) if day else at
            for at, day in waiting.filter(Q(**{f"{field}__gt": now}) | still_quiet)
            .values_list(field, "contact__quiet_until")
            .distinct()
        ]
    return min((at for at in instants if at > now), default=None)


def _wakes_on(day: date) -> datetime:
    return datetime.combine(day, OPENS, PARIS)


def _asked_in(campaigns: QuerySet[Campaign]) -> QuerySet[Invitation]:
    return Invitation.objects.filter(campaign__in=campaigns)


def _in_state(*states: Campaign.State) -> list[int]:
    found = Campaign.objects.filter(state__in=states).order_by("pk")
    return list(found.values_list("pk", flat=True))
