"""What the messages that arrived are, and which mail of ours each belongs to.

A mail that came back is known by its signed return path, then by the Message-ID in what was sent back,
then by its address among those written to lately.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from releveur.dealer.models import Dealer
from releveur.outbox import anatomy, auto_replies, dsn, keys, return_path, sealing
from releveur.outbox.anatomy import Parsed
from releveur.outbox.composing import OF_THE_OFFICE
from releveur.outbox.dsn import Outcome, Report, Verdict
from releveur.outbox.models import Arrived, Bounce, Mail

log = logging.getLogger(__name__)

LATELY = timedelta(days=30)
"""How long after a mail its address alone says that it came back."""

MOST_AT_ONCE = 200

DELIVERED_TO = (
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Rcpt-To",
    "To",
    "Cc",
    "Received",
)
"""Where the address stands at which a message arrived; each server has its own header."""

_LONGEST_FAULT = 500


def sort_arrived(*, now: datetime, limit: int = MOST_AT_ONCE) -> int:
    """Look at the messages nobody has looked at; one that cannot be read fails alone and is kept.

    :returns: how many were looked at
    """
    received = Arrived.objects.filter(state=Arrived.State.RECEIVED).order_by("pk")
    waiting = list(received.values_list("pk", flat=True)[:limit])
    return sum(_sort(pk, now=now) for pk in waiting)


def _sort(pk: int, *, now: datetime) -> bool:
    with transaction.atomic():
        rows = Arrived.objects.filter(pk=pk, state=Arrived.State.RECEIVED)
        arrived = rows.select_for_update(skip_locked=True).first()
        if arrived is None:
            return False
        try:
            with transaction.atomic():
                _look_at(arrived, now=now)
        except Exception as fault:
            log.exception("message %s cannot be read", arrived.pk)
            arrived.kind, arrived.mail = Arrived.Kind.UNKNOWN, None
            arrived.state = Arrived.State.FAILED
            arrived.fault = f"{type(fault).__name__}: {fault}"[:_LONGEST_FAULT]
        arrived.save(update_fields=["kind", "mail", "state", "done_at", "fault"])
    return True


def _look_at(arrived: Arrived, *, now: datetime) -> None:
    message = anatomy.parsed(sealing.opened(arrived.sealed))
    arrived.state = Arrived.State.SORTED
    report = dsn.read(message)
    if report is not None:
        _note(report, arrived, message, now=now)
    else:
        arrived.mail = _answered(message)
        arrived.kind = Arrived.Kind.OURS if _is_ours(arrived) else _kind(message)
    told_by_nobody = report is not None and arrived.kind == Arrived.Kind.AUTO_REPLY
    told_by_nobody |= dsn.is_read_receipt(message) or arrived.kind == Arrived.Kind.OURS
    if told_by_nobody or arrived.bounces.exists():
        arrived.state, arrived.done_at = Arrived.State.DONE, now


def _kind(message: Parsed) -> Arrived.Kind:
    if dsn.is_complaint(message):
        return Arrived.Kind.COMPLAINT
    if dsn.is_read_receipt(message):
        return Arrived.Kind.AUTO_REPLY
    if auto_replies.is_automatic(message):
        asks = auto_replies.is_challenge(message)
        return Arrived.Kind.CHALLENGE if asks else Arrived.Kind.AUTO_REPLY
    return Arrived.Kind.REPLY


def _is_ours(arrived: Arrived) -> bool:
    """What we sent came round, or what the office does with its own news: it is not told again."""
    written = Mail.objects.filter(message_id=arrived.message_id)
    if arrived.message_id and written.exists():
        return True
    dealer = Dealer.objects.here()
    house = {dealer.sender_address.casefold(), dealer.reply_to.casefold()}
    of_the_office = arrived.mail is not None and arrived.mail.kind in OF_THE_OFFICE
    return of_the_office and arrived.sender in house


def _note(report: Report, arrived: Arrived, message: Parsed, *, now: datetime) -> None:
    """Write down what came back; a mail that is merely late, or arrived, is no news."""
    arrived.kind = Arrived.Kind.BOUNCE if report.failed else Arrived.Kind.AUTO_REPLY
    mail, known_by = _returned(report, message, now=now)
    arrived.mail = mail
    if mail is None:
        return
    for verdict in report.failed:
        _write_down(verdict, mail, arrived, known_by=known_by, now=now)


def _write_down(
    verdict: Verdict, mail: Mail, arrived: Arrived, *, known_by: Bounce.KnownBy, now: datetime
) -> None:
    """One fact for a mail and an address; a surer or worse one takes the place of the first."""
    address = verdict.address or mail.to
    said = {
        "arrived": arrived, "address": address[:254], "at": now, "known_by": known_by,
        "what": verdict.outcome, "code": verdict.code[:12],
        "words": keys.blotted(verdict.words)[:500],
    }  # fmt: skip
    bounce, new = Bounce.objects.get_or_create(
        mail=mail, address_key=address.casefold()[:254], defaults=said
    )
    unsure = bounce.known_by == Bounce.KnownBy.ADDRESS != known_by
    worse = verdict.outcome == Outcome.HARD and bounce.what != Bounce.What.HARD
    if not new and (unsure or worse):
        Bounce.objects.filter(pk=bounce.pk).update(**said, told_at=None)


def _returned(
    report: Report, message: Parsed, *, now: datetime
) -> tuple[Mail | None, Bounce.KnownBy]:
    """The mail that came back, and by what it is known."""
    if mail := _by_return_path(message):
        return mail, Bounce.KnownBy.RETURN_PATH
    if mail := _by_message_id(report.message_ids):
        return mail, Bounce.KnownBy.MESSAGE_ID
    return _by_address(report.failed, now=now), Bounce.KnownBy.ADDRESS


def _by_return_path(message: Parsed) -> Mail | None:
    for name in DELIVERED_TO:
        for said in anatomy.headers(message, name):
            if (pk := return_path.whose(said)) is not None:
                return Mail.objects.filter(pk=pk).first()
    return None


def _by_message_id(message_ids: Iterable[str]) -> Mail | None:
    return Mail.objects.filter(message_id__in=list(message_ids)).order_by("-pk").first()


def _by_address(verdicts: Sequence[Verdict], *, now: datetime) -> Mail | None:
    addresses = [one.address for one in verdicts if one.address]
    lately = Mail.objects.filter(state=Mail.State.SENT, sent_at__gte=now - LATELY)
    for address in addresses:
        if mail := lately.filter(to__iexact=address).order_by("-pk").first():
            return mail
    return None


def _answered(message: Parsed) -> Mail | None:
    """The mail that a person or a program answers."""
    said = [*anatomy.headers(message, "In-Reply-To"), *anatomy.headers(message, "References")]
    ids = [f"<{one.strip('<>')}>" for one in " ".join(said).replace("><", "> <").split()]
    return _by_message_id(ids) or _by_return_path(message)
