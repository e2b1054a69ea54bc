"""Addresses at which nobody is: nothing more is sent there until somebody says that it works again."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Lower, Upper

from releveur.outbox.models import Bounce, Mail

NOBODY_THERE = re.compile(r"5\d\d[ -]5\.1\.")
"""A permanent refusal that speaks of the address (RFC 3463, 3.2)."""

MOST_IN_A_ROW = 3
"""Mails put off one after the other, after which the office is warned."""


def dead(addresses: Collection[str]) -> set[str]:
    """Those of these addresses from which a mail came back for good, or at which the last one was refused
    because nobody is there; casefolded.

    What merely claims to be such a message, without a trace of our mail in it, stops nothing.
    """
    wanted = {address.casefold() for address in addresses if address}
    came_back = _hard().filter(address_key__in=wanted).values_list("address_key", flat=True)
    return {*came_back, *_refused(wanted)}


def came_back() -> Exists:
    """Whether a mail (`mail` of the row) came back for good from the person it was for."""
    mails = _hard().filter(mail=OuterRef("mail"), address_key=Lower("mail__to"))
    return Exists(mails)


def forgive(address: str, *, now: datetime) -> int:
    """Write to this address again: it was repaired, or somebody answered from it."""
    held = Bounce.objects.filter(address_key=address.casefold(), forgiven_at=None)
    return held.update(forgiven_at=now)


def put_off_in_a_row(address: str) -> int:
    """How many of the last mails to this address came back for now, without one that did not."""
    sent = Mail.objects.filter(state=Mail.State.SENT, to__iexact=address).order_by("-pk")
    softly = Bounce.objects.filter(
        mail=OuterRef("pk"), address_key=address.casefold(), what=Bounce.What.SOFT
    )
    in_a_row = 0
    for came in sent.annotate(softly=Exists(softly)).values_list("softly", flat=True)[:10]:
        if not came:
            break
        in_a_row += 1
    return in_a_row


def _refused(addresses: Collection[str]) -> set[str]:
    """Whose mail server said of the last mail, while it was handed over, that it knows nobody there."""
    tried = Mail.objects.filter(state__in=[Mail.State.SENT, Mail.State.FAILED])
    mine = tried.annotate(key=Upper("to")).filter(key__in=[one.upper() for one in addresses])
    last = {
        to.casefold(): state == Mail.State.FAILED and NOBODY_THERE.match(reply)
        for to, state, reply in mine.order_by("pk").values_list("to", "state", "smtp_reply")
    }
    return {address for address, refused in last.items() if refused}


def _hard() -> QuerySet[Bounce]:
    known = Bounce.objects.filter(what=Bounce.What.HARD, forgiven_at=None)
    return known.exclude(known_by=Bounce.KnownBy.ADDRESS)
