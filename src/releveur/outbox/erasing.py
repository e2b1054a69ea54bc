"""A person goes from the mails: hers keep that they were owed and when they left, others' lose her name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from html import escape
from operator import or_

from django.db.models import Q, QuerySet

from releveur.outbox.models import Arrived, Bounce, Mail

FIELDS = ("copy_to", "reply_to", "subject", "text", "html", "calendar", "smtp_reply")
FOLD = "\r\n "
"""Where a calendar entry breaks its long lines, in the middle of an address if need be."""

INSTEAD = "…"
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Erased:
    """Mails to her that are blank now, mails of hers that did not leave, others' mails without her."""

    hers: int
    withheld: int
    others: int


def erase(
    address: str, *, everywhere: Iterable[str], among: Iterable[str], known_to: Iterable[str]
) -> Erased:
    """Blank what was written to an address, and take the person out of what was written to others.

    :param everywhere: words that mean her wherever they stand: full name, phone
    :param among: words that mean her in mails to those who know her: first name, last name
    :param known_to: their addresses
    """
    _forget_what_arrived(address)
    hers = Mail.objects.filter(to__iexact=address)
    withheld = hers.filter(state=Mail.State.OWED).update(state=Mail.State.WITHHELD)
    number = hers.update(**dict.fromkeys(("to", *FIELDS), ""))
    others = _take_out(Mail.objects.all(), [address, *everywhere], whole_words=False)
    close = Mail.objects.filter(to__in=list(known_to))
    others |= _take_out(close, list(among), whole_words=True)
    return Erased(number, withheld, len(others))


def _forget_what_arrived(address: str) -> None:
    """Messages from her, and those about mails to her: that they came stays, and what became of them."""
    bounces = Bounce.objects.filter(address_key=address.casefold())
    about_her = Q(sender__iexact=address) | Q(mail__to__iexact=address) | Q(bounces__in=bounces)
    messages = Arrived.objects.filter(pk__in=Arrived.objects.filter(about_her).values("pk"))
    messages.update(sealed=b"", sender="", subject="", fault="", state=Arrived.State.DONE)
    bounces.update(address="", address_key="", words="")


def _take_out(mails: QuerySet[Mail], words: Iterable[str], *, whole_words: bool) -> set[int]:
    wanted = sorted(set(_spellings(words)), key=len, reverse=True)
    if not wanted:
        return set()
    holds = [Q(**{f"{field}__icontains": word}) for field in FIELDS for word in wanted]
    edge = r"\b" if whole_words else ""
    pattern = re.compile(
        "|".join(f"{edge}{re.escape(word)}{edge}" for word in wanted), re.IGNORECASE
    )
    changed: set[int] = set()
    for mail in mails.filter(reduce(or_, holds)).order_by("pk").iterator(chunk_size=CHUNK):
        if _without(mail, pattern):
            mail.save(update_fields=FIELDS)
            changed.add(mail.pk)
    return changed


def _without(mail: Mail, pattern: re.Pattern[str]) -> bool:
    """Take what matches out of every field; False when nothing does."""
    before = [getattr(mail, field) for field in FIELDS]
    for field in ("subject", "text", "html", "smtp_reply"):
        setattr(mail, field, pattern.sub(INSTEAD, getattr(mail, field)))
    mail.reply_to = pattern.sub("", mail.reply_to)
    mail.copy_to = ",".join(filter(None, pattern.sub("", mail.copy_to).split(",")))
    if pattern.search(mail.calendar.replace(FOLD, "")):
        mail.calendar = ""
    return before != [getattr(mail, field) for field in FIELDS]


def _spellings(words: Iterable[str]) -> Iterator[str]:
    """As typed, and as HTML shows it."""
    for word in filter(None, words):
        yield word
        yield escape(word)
