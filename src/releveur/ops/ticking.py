"""Everything that is due now: what arrived, steps of campaigns, mails to write, mails to deliver."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from releveur.campaigns import bounced, mailing, replying, steps
from releveur.outbox import delivering, inbox, mailboxes, sorting

log = logging.getLogger(__name__)

ROUNDS = 10
"""A step makes mails due, a mail that left can move a deadline: a few rounds settle everything."""


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

    :raises ExceptionGroup: the steps of some campaigns failed; all else that is due was done
    """
    total = Ticked()
    fault: ExceptionGroup[Exception] | None = None
    for _round in range(ROUNDS):
        taken = steps.Taken()
        try:
            taken = steps.take_due_steps(now=now)
        except ExceptionGroup as group:
            fault = group
        arrived = take_in(now=now)
        written = mailing.write_due(now=now)
        delivered = delivering.deliver_due(now=now)
        done = Ticked(
            taken.filled, taken.reminders, taken.moved, taken.closed,
            written, delivered.sent, delivered.failed, arrived,
        )  # fmt: skip
        if done == Ticked():
            break
        total += done
    if fault is not None:
        raise fault
    return total


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
