"""Delivering what is owed: lease, fill the key, send, mark.

A worker leases a few mails in one short transaction and holds no lock while it talks. Before each mail
it makes sure that it is still owed and still its own, after it it writes down what became of it; a
worker killed in between costs one duplicate at most, with the same Message-ID, and loses nothing.
Leases and further tries are counted on the machine's clock, the database's; `sent_at` is business time.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import DateTimeField, F, Func, Q, QuerySet

from releveur.outbox import composing, holding, smtp
from releveur.outbox.models import Mail
from releveur.outbox.smtp import Line, PutOff, Refused, Server, Unreachable

log = logging.getLogger(__name__)

BATCH = 10
"""Few: who waits for a code never waits for more mails than these."""
LEASE = timedelta(minutes=5)
"""Longer than one mail can take: every command of the conversation ends within 30 seconds."""

TRIES_AFTER = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1_800, 7_200, 21_600))
"""Waits after each try put off; the last one is repeated."""

MOST_TRIES = 20
"""Four days of tries, then the mail has failed."""

JITTER_PERCENT = 20
"""What is put off together is not tried again at one instant."""

_LONGEST_REPLY = 500


class MachineNow(Func):
    """The database's clock, which goes on within a transaction; never compared with business time."""

    function = "clock_timestamp"
    output_field = DateTimeField()
    arity = 0


@dataclass(frozen=True, slots=True)
class Delivered:
    """Mails that left, mails refused for good, and mails still owed."""

    sent: int = 0
    failed: int = 0
    left: int = 0


def deliver_due(
    *, now: datetime, limit: int | None = None, server: Server | None = None
) -> Delivered:
    """Send what is owed and may be tried now, the most urgent first; many may do it at once.

    Nothing leaves while a hold is on (`holding`).

    :param limit: how many mails are tried at most
    :param server: another server than the installation's own
    """
    done = Delivered()
    if holding.is_on():
        return replace(done, left=_owed())
    tried = 0
    with Line(server or smtp.server()) as line:
        while limit is None or tried < limit:
            batch = _lease(BATCH if limit is None else min(BATCH, limit - tried))
            if not batch:
                break
            tried += len(batch)
            try:
                done = _deliver(batch, line, done, now)
            except Unreachable as reason:
                log.warning("the mail server cannot be reached: %s", reason)
                _give_back(batch, str(reason))
                break
    return replace(done, left=_owed())


def _owed() -> int:
    return Mail.objects.filter(state=Mail.State.OWED).count()


@transaction.atomic
def _lease(most: int) -> list[Mail]:
    """Take mails nobody else has; whoever dies with them loses them when the lease ends."""
    free = Q(lease_until=None) | Q(lease_until__lt=MachineNow())
    ready = Q(next_try_at=None) | Q(next_try_at__lte=MachineNow())
    owed = Mail.objects.filter(free, ready, state=Mail.State.OWED).order_by("-priority", "id")
    batch = list(owed.select_for_update(skip_locked=True)[:most])
    lease = uuid4()
    for mail in batch:
        mail.lease = lease
    taken = Mail.objects.filter(pk__in=[mail.pk for mail in batch])
    taken.update(lease=lease, lease_until=MachineNow() + LEASE)
    return batch


def _deliver(batch: Sequence[Mail], line: Line, done: Delivered, now: datetime) -> Delivered:
    for mail in batch:
        match _send(mail, line, now):
            case Mail.State.SENT:
                done = replace(done, sent=done.sent + 1)
            case Mail.State.FAILED:
                done = replace(done, failed=done.failed + 1)
    return done


def _send(mail: Mail, line: Line, now: datetime) -> Mail.State:
    """Try one mail and write down what became of it; one that cannot be composed fails alone."""
    try:
        message, envelope = composing.compose(mail, date=now), composing.envelope(mail)
    except Exception as fault:
        log.exception("mail %s cannot be composed", mail.pk)
        return _failed(mail, f"{type(fault).__name__}: {fault}")
    if not _still_mine(mail):
        return Mail.State.WITHHELD
    try:
        line.send(*envelope, message)
    except Refused as reply:
        return _failed(mail, str(reply))
    except PutOff as reply:
        return _put_off(mail, str(reply))
    except Unreachable:
        _mine(mail).update(attempts=F("attempts") - 1)
        raise
    _held(mail).update(state=Mail.State.SENT, sent_at=now, lease=None, lease_until=None)
    return Mail.State.SENT


def _still_mine(mail: Mail) -> bool:
    """Whether it is still owed and leased to us; from now on it counts as tried."""
    tried = {"attempts": F("attempts") + 1, "lease_until": MachineNow() + LEASE}
    return _mine(mail).update(**tried) == 1


def _failed(mail: Mail, reply: str) -> Mail.State:
    _mine(mail).update(
        state=Mail.State.FAILED, smtp_reply=reply[:_LONGEST_REPLY], lease=None, lease_until=None
    )
    return Mail.State.FAILED


def _put_off(mail: Mail, reply: str) -> Mail.State:
    tries = mail.attempts + 1
    if tries >= MOST_TRIES:
        return _failed(mail, reply)
    _free(_mine(mail), reply, TRIES_AFTER[min(tries, len(TRIES_AFTER)) - 1])
    return Mail.State.OWED


def _give_back(batch: Sequence[Mail], reply: str) -> None:
    """Nobody was talked to: none of these was tried, and all may be tried again soon."""
    lease: UUID | None = batch[0].lease
    _free(Mail.objects.filter(state=Mail.State.OWED, lease=lease), reply, TRIES_AFTER[0])


def _free(mails: QuerySet[Mail], reply: str, wait: timedelta) -> None:
    jitter = 1 + secrets.randbelow(JITTER_PERCENT + 1) / 100
    mails.update(
        smtp_reply=reply[:_LONGEST_REPLY],
        next_try_at=MachineNow() + wait * jitter,
        lease=None,
        lease_until=None,
    )


def _mine(mail: Mail) -> QuerySet[Mail]:
    return _held(mail).filter(state=Mail.State.OWED)


def _held(mail: Mail) -> QuerySet[Mail]:
    """Ours whatever its state: one withheld while it was on the wire has left all the same."""
    return Mail.objects.filter(pk=mail.pk, lease=mail.lease)
