"""A pause: nobody is asked, reminded or estimated; what people send meanwhile counts.

What has not left is taken back at once. When the campaign goes on, the dates still to come have moved
by the pause, and whoever was told a deadline is told the new one.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from releveur.audit.models import Action
from releveur.audit.writing import OFFICE, By, note
from releveur.campaigns import locks, reminding
from releveur.campaigns.models import Campaign, Invitation, Kind, Notice
from releveur.dealer.closures import closed_days
from releveur.outbox.models import Mail
from releveur.rules import schedule

REQUESTS = (*reminding.ASKS, Notice.What.MOVED)


class NotOpen(Exception):
    """Only an open campaign has anything to pause."""


class PausedAlready(Exception):
    """It was paused before; the pause goes on."""


class NotPaused(Exception):
    """There is no pause to end."""


@transaction.atomic
def pause(campaign: int, *, by: By = OFFICE, now: datetime) -> int:
    """Stop a campaign where it stands; the mail on the wire at this moment still leaves.

    :returns: how many mails that were written were taken back
    :raises NotOpen: it asks nobody any more
    :raises PausedAlready: it stands still
    """
    held = locks.hold(campaign)
    if held.state != Campaign.State.OPEN:
        raise NotOpen(held.state)
    if held.paused_at is not None:
        raise PausedAlready(held.paused_at)
    held.paused_at = now
    held.save(update_fields=["paused_at"])
    written = Mail.objects.filter(
        state=Mail.State.OWED,
        notice__invitation__campaign=held,
        notice__what__in=REQUESTS,
    )
    taken = [mail.pk for mail in written.order_by("pk").select_for_update(of=("self",))]
    note(held, Action.PAUSE, key=campaign, by=by, after={"taken_back": len(taken)}, now=now)
    return Mail.objects.filter(pk__in=taken).update(state=Mail.State.WITHHELD)


@transaction.atomic
def resume(campaign: int, *, by: By = OFFICE, now: datetime) -> int:
    """Go on: dates still to come move by the pause, and mails taken back are written anew.

    The day of a one-off request does not move: the device leaves then.

    :returns: how many persons have more time than they were told
    :raises NotPaused: it does not stand still
    """
    held = locks.hold(campaign)
    if held.paused_at is None:
        raise NotPaused
    days = schedule.days_of_pause(held.paused_at, now)
    moved = _move(held, days) if days and held.kind == Kind.PERIODIC else []
    held.paused_at = None
    held.save(update_fields=["paused_at"])
    _write_anew(held)
    told = reminding.tell_moved(moved, now=now)
    reminding.follow_deadlines(held, now=now)
    note(held, Action.RESUME, key=campaign, by=by, after={"days": days, "told": told}, now=now)
    return told


def _move(campaign: Campaign, days: int) -> list[Invitation]:
    """Every plan with dates still to come when the pause began; returns those whose deadline moved."""
    assert campaign.paused_at is not None
    closures = closed_days()
    people = locks.hold_invitations(campaign.invitations.values_list("pk", flat=True))
    moved = []
    for one in people:
        plan = schedule.moved(reminding.plan_of(one), campaign.paused_at, days, closures)
        one.reminder_1_at, one.reminder_2_at, one.reminder_3_at = plan.reminders
        if plan.asks_until != one.asks_until:
            one.asks_until = plan.asks_until
            moved.append(one)
    Invitation.objects.bulk_update(
        people, ["reminder_1_at", "reminder_2_at", "reminder_3_at", "asks_until"], batch_size=1_000
    )
    return moved


def _write_anew(campaign: Campaign) -> None:
    """Notices whose mail was taken back wait for another."""
    taken_back = Notice.objects.filter(
        invitation__campaign=campaign,
        what__in=REQUESTS,
        withheld_at=None,
        mail__state=Mail.State.WITHHELD,
    )
    waiting = [one.pk for one in taken_back.order_by("pk").select_for_update(of=("self",))]
    Notice.objects.filter(pk__in=waiting).update(mail=None)
