"""What arrives: a row first, and only then it leaves the mailbox.

Somebody killed in between meets the message again, and its digest says that it is here already. What
it means is found out afterwards (`sorting`): a message that nobody can read is kept all the same.
"""

from __future__ import annotations

import hashlib
import logging
import re
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from releveur.outbox import anatomy, mailboxes, sealing
from releveur.outbox.models import Arrived

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
"""Messages taken in by one call: the next one is a minute away."""

LARGEST = mailboxes.LARGEST

KEPT = timedelta(days=90)
"""How long the words of others are kept, once the office has them."""

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")


def fetch(*, now: datetime, limit: int = MOST_AT_ONCE) -> int:
    """Take in what lies in the mailbox (RELEVEUR_INBOX); call it outside of a transaction.

    :returns: how many messages were there
    :raises mailboxes.Unreachable: the mailbox cannot be read at present
    """
    if not settings.INBOX:
        return 0
    taken = 0
    with mailboxes.opened(settings.INBOX) as box:
        for waiting in box.waiting(limit=limit):
            try:
                receive(waiting.raw, whole=waiting.whole, now=now)
            except Exception:
                log.exception("message %s stays in the mailbox", waiting.name)
                continue
            box.settle(waiting)
            taken += 1
    return taken


def receive(raw: bytes, *, now: datetime, whole: bool = True) -> tuple[Arrived, bool]:
    """Keep a message; the same one again is the same row.

    :returns: the row, and whether it is new
    """
    message = anatomy.headers_only(raw)
    senders = anatomy.addresses(message, "From") or anatomy.addresses(message, "Sender")
    with transaction.atomic():
        return Arrived.objects.get_or_create(
            digest=digest(raw),
            defaults={
                "sealed": sealing.seal(raw), "whole": whole, "arrived_at": now,
                "message_id": anatomy.header(message, "Message-ID")[:200],
                "sender": (senders[0] if senders else "").casefold()[:254],
                "subject": anatomy.header(message, "Subject")[:240],
            },
        )  # fmt: skip


def forget(*, now: datetime) -> int:
    """Drop the content of what was dealt with `KEPT` ago: that it came, and what it was, stays.

    :returns: of how many
    """
    old = Arrived.objects.filter(done_at__lt=now - KEPT).exclude(sealed=b"")
    return old.update(sealed=b"")


def digest(raw: bytes) -> str:
    """The same message is the same by whichever way it came: each way adds headers of its own.

    With a Message-ID, that and the body; without, every byte. Ends of lines do not count.
    """
    message_id = anatomy.header(anatomy.headers_only(raw), "Message-ID")
    end = _END_OF_HEADERS.search(raw)
    kept = message_id.encode() + b"\n" + raw[end.end() :] if message_id and end else raw
    return hashlib.sha256(kept.replace(b"\r\n", b"\n").strip()).hexdigest()
