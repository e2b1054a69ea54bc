"""Everything that is due now: steps of campaigns, mails to write, mails to deliver."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from releveur.campaigns import mailing, steps
from releveur.ops import upkeep
from releveur.outbox import delivering

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
        written = mailing.write_due(now=now)
        delivered = delivering.deliver_due(now=now)
        done = Ticked(
            taken.filled, taken.reminders, taken.moved, taken.closed,
            written, delivered.sent, delivered.failed,
        )  # fmt: skip
        if done == Ticked():
            break
        total += done
    upkeep.keep(now=now)
    if fault is not None:
        raise fault
    return total
