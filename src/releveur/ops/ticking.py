"""Everything that is due now: what arrived, steps of campaigns, mails to write, mails to deliver."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from releveur.campaigns import bounced, mailing, replying, steps
from releveur.ops import upkeep
from releveur.outbox import delivering, holding, inbox, mailboxes, sorting
from releveur.outbox.models import Mail

log = logging.getLogger(__name__)

ROUNDS = 10
"""A step makes mails due, a mail that left can move a deadline: a few rounds settle everything."""

AHEAD = 2_000
"""Mails written before they leave: what a lane sends in half a minute."""


@dataclass(frozen=True, slots=True)
class Ticked:
    filled: int = 0
    reminders: int = 0
    moved: int = 0
    closed: int = 0
    written: int = 0
    sent: int = 0
    failed: int = 0
    arrived: int = 0

    def __add__(self, other: Ticked) -> Ticked:
        return Ticked(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def tick(*, now: datetime) -> Ticked:
    """Do all that is due at `now`, until nothing more is; safe to run twice, and at once.

    While a hold is on (`outbox.holding`) nothing is due but the count of the tick itself.

    :raises ExceptionGroup: the steps of some campaigns failed; all else that is due was done
    """
    total = Ticked()
    fault: ExceptionGroup[Exception] | None = None
    for _round in range(ROUNDS):
        done = Ticked()
        try:
            done = take_steps(now=now)
        except ExceptionGroup as group:
            fault = group
        done += Ticked(arrived=take_in(now=now)) + _mail(now=now)
        if done == Ticked():
            break
        total += done
    upkeep.keep(now=now)
    if fault is not None:
        raise fault
    return total


def take_steps(*, now: datetime) -> Ticked:
    """Take the steps of campaigns that are due, unless a hold is on; raises as `tick` does."""
    holding.beat()
    if holding.is_on():
        return Ticked()
    taken = steps.take_due_steps(now=now)
    return Ticked(taken.filled, taken.reminders, taken.moved, taken.closed)


def write_mails(*, now: datetime) -> int:
    """Write as many of the mails owed as may leave soon, with what is really missing now.

    :returns: how many notices were settled
    """
    if holding.is_on():
        return 0
    waiting = Mail.objects.filter(state=Mail.State.OWED).count()
    return mailing.write_due(now=now, limit=max(AHEAD - waiting, 0))


def take_in(*, now: datetime) -> int:
    """Sort what arrived, and tell the office what it must know.

    :returns: how many messages were looked at
    """
    looked_at = sorting.sort_arrived(now=now)
    replying.forward_due(now=now)
    replying.list_automatic(now=now)
    bounced.tell(now=now)
    inbox.forget(now=now)
    return looked_at


def fetch(*, now: datetime) -> int:
    """Read the mailbox; one that cannot be read now is read a minute later.

    :returns: how many messages were there
    """
    try:
        return inbox.fetch(now=now)
    except mailboxes.Unreachable as reason:
        log.warning("the inbox cannot be read: %s", reason)
        return 0


def _mail(*, now: datetime) -> Ticked:
    """Write and send in turns."""
    total = Ticked()
    while True:
        written = write_mails(now=now)
        delivered = delivering.deliver_due(now=now)
        total += Ticked(written=written, sent=delivered.sent, failed=delivered.failed)
        if not written:
            return total
