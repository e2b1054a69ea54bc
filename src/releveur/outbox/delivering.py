"""Delivering what is owed: lease, fill the key, send, mark.

A worker leases a few mails in one short transaction and holds no lock while it talks. Before each mail
it makes sure that it is still owed and still its own, after it it writes down what became of it; a
worker killed in between costs one duplicate at most, with the same Message-ID, and loses nothing.
Leases and further tries are counted on the machine's clock, the database's; `sent_at` is business time.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from releveur.clock.machine import MachineNow
from releveur.outbox import composing, holding, pacing, smtp
from releveur.outbox.models import Mail
from releveur.outbox.smtp import Line, PutOff, Refused, Server, TooMany, Unreachable

log = logging.getLogger(__name__)

BATCH = 20
"""Few: what a worker dies with waits for the end of its lease; who waits for a code has a lane of her own."""
LEASE = timedelta(minutes=5)
"""Longer than one mail can take: every command of the conversation ends within 30 seconds."""

TRIES_AFTER = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1_800, 7_200, 21_600))
"""Waits after each try put off; the last one is repeated."""

MOST_TRIES = 20
"""Four days of tries, then the mail has failed."""

JITTER_PERCENT = 20
"""What is put off together is not tried again at one instant."""

_LONGEST_REPLY = 500


@dataclass(frozen=True, slots=True)
class Delivered:
    """Mails that left, mails refused for good, and mails still owed."""

    sent: int = 0
    failed: int = 0
    left: int = 0

    def counting(self, state: Mail.State) -> Delivered:
        """With one mail more."""
        match state:
            case Mail.State.SENT:
                return replace(self, sent=self.sent + 1)
            case Mail.State.FAILED:
                return replace(self, failed=self.failed + 1)
            case _:
                return self


def deliver_due(
    *,
    now: datetime,
    limit: int | None = None,
    server: Server | None = None,
    urgent: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Send what is owed and may be tried now, the most urgent first; many may do it at once.

    Nothing leaves while a hold is on (`holding`).

    :param limit: how many mails are tried at most
    :param server: another server than the installation's own
    :param urgent: only what somebody waits for (codes, receipts)
    :param stop: asked before each mail; once it says yes, the rest is given back at once
    """
    done = Delivered()
    if holding.is_on():
        return replace(done, left=_owed())
    tried = 0
    with Line(server or smtp.server()) as line:
        while limit is None or tried < limit:
            batch = _lease(BATCH if limit is None else min(BATCH, limit - tried), urgent=urgent)
            if not batch:
                break
            tried += len(batch)
            try:
                for state in _sent(batch, line, now=now, stop=stop):
                    done = done.counting(state)
            except Unreachable as reason:
                log.warning("the mail server cannot be reached: %s", reason)
                _free(_leased_with(batch[0]), str(reason), TRIES_AFTER[0])
                break
            except _Enough:
                _leased_with(batch[0]).update(lease=None, lease_until=None)
                break
    return replace(done, left=_owed())


def _owed() -> int:
    return Mail.objects.filter(state=Mail.State.OWED).count()


class _Enough(Exception):
    """This process ends, or the server wants less: what was leased is free for others at once."""


@transaction.atomic
def _lease(most: int, *, urgent: bool = False) -> list[Mail]:
    """Take mails nobody else has; whoever dies with them loses them when the lease ends."""
    room = pacing.room(most)
    free = Q(lease_until=None) | Q(lease_until__lt=MachineNow())
    ready = Q(next_try_at=None) | Q(next_try_at__lte=MachineNow())
    owed = Mail.objects.filter(free, ready, state=Mail.State.OWED).order_by("-priority", "id")
    if urgent:
        owed = owed.filter(priority__gt=0)
    if full := room.full():
        owed = owed.exclude(domain__in=full)
    batch = room.fitting(owed.select_for_update(skip_locked=True)[: room.total])
    lease = uuid4()
    for mail in batch:
        mail.lease = lease
    taken = Mail.objects.filter(pk__in=[mail.pk for mail in batch])
    taken.update(lease=lease, lease_until=MachineNow() + LEASE)
    return batch


def _sent(
    batch: Sequence[Mail], line: Line, *, now: datetime, stop: Callable[[], bool]
) -> Iterator[Mail.State]:
    """Try one after the other; what became of each."""
    for mail in batch:
        if stop():
            raise _Enough
        yield _send(mail, line, now)


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
        return _put_off(mail, reply)
    except Unreachable:
        _mine(mail).update(attempts=F("attempts") - 1)
        raise
    _said(SENT, now, mail.pk, mail.lease)
    return Mail.State.SENT


def _still_mine(mail: Mail) -> bool:
    """Whether it is still owed and leased to us; from now on it counts as tried."""
    return bool(_said(TRIED, LEASE.total_seconds(), mail.pk, mail.lease))


TRIED = """
    UPDATE outbox_mail SET attempts = attempts + 1, lease_until = clock_timestamp() + make_interval(secs => %s)
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unwaited
    WHERE id = %s AND lease = %s AND state = 'OWED'
"""
"""Nobody waits for the disk here: a machine that loses power in this second has counted a try too few. That a
mail left is waited for.
"""

SENT = """
    UPDATE outbox_mail SET state = 'SENT', sent_at = %s, handed_at = clock_timestamp(), lease = NULL, lease_until = NULL
    WHERE id = %s AND lease = %s
"""
"""Ours whatever its state: one withheld while it was on the wire has left all the same."""


def _said(words: str, *values: datetime | UUID | float | None) -> int:
    """What is said for each mail of thousands stands in SQL: building it took as long as doing it.

    :returns: how many mails it was true of
    """
    with connection.cursor() as cursor:
        cursor.execute(words, values)
        return int(cursor.rowcount)


def _failed(mail: Mail, reply: str) -> Mail.State:
    _mine(mail).update(
        state=Mail.State.FAILED, smtp_reply=reply[:_LONGEST_REPLY], lease=None, lease_until=None
    )
    return Mail.State.FAILED


def _put_off(mail: Mail, reply: PutOff) -> Mail.State:
    """Try it later.

    :raises _Enough: the server wants less of everything
    """
    tries = mail.attempts + 1
    if tries >= MOST_TRIES:
        return _failed(mail, str(reply))
    _free(_mine(mail), str(reply), TRIES_AFTER[min(tries, len(TRIES_AFTER)) - 1])
    if isinstance(reply, TooMany):
        pacing.slow_down("" if reply.whole else mail.domain, one_by_one=reply.one_by_one)
        if reply.whole:
            raise _Enough
    return Mail.State.OWED


def _leased_with(mail: Mail) -> QuerySet[Mail]:
    """All that was leased with this one and has not been settled."""
    return Mail.objects.filter(state=Mail.State.OWED, lease=mail.lease)


def _free(mails: QuerySet[Mail], reply: str, wait: timedelta) -> None:
    jitter = 1 + secrets.randbelow(JITTER_PERCENT + 1) / 100
    mails.update(
        smtp_reply=reply[:_LONGEST_REPLY],
        next_try_at=MachineNow() + wait * jitter,
        lease=None,
        lease_until=None,
    )


def _mine(mail: Mail) -> QuerySet[Mail]:
    return _leased_with(mail).filter(pk=mail.pk)
