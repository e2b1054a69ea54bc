"""How fast mails may leave: the installation's limits, and those that a mail server taught us.

There is no counter: what left lately and what is on its way are counted in the outbox's own rows, by
the database's clock, so that several machines keep one limit between them. While any limit holds,
leases are taken one after the other, and the count is exact.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from releveur import turns
from releveur.clock.machine import MachineNow
from releveur.outbox.models import Mail, Pace
from releveur.turns import Turn

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SHORT = timedelta(seconds=10)
"""A minute's mails do not leave in its first second: a sixth of them in ten."""

EASES_AFTER = timedelta(minutes=30)
"""So long a server's « too many » is remembered."""

NO_LIMIT = sys.maxsize


@dataclass(frozen=True, slots=True)
class Room:
    """How many mails may be taken now: in all, and of each domain; the rest of the domains, `others`."""

    total: int
    of: dict[str, int] = field(default_factory=dict)
    others: int = NO_LIMIT

    def full(self) -> list[str]:
        """Domains that may not be written to at present."""
        return [domain for domain, room in self.of.items() if room <= 0]

    def fitting(self, mails: Iterable[Mail]) -> list[Mail]:
        """Of these, in their order, the ones there is room for."""
        taken: Counter[str] = Counter()
        fitting = []
        for mail in mails:
            if taken[mail.domain] < self.of.get(mail.domain, self.others):
                taken[mail.domain] += 1
                fitting.append(mail)
        return fitting


@dataclass(frozen=True, slots=True)
class _Lately:
    """Mails counted: in the last ten seconds and the last minute, those on their way included."""

    short: int = 0
    minute: int = 0

    def __add__(self, other: _Lately) -> _Lately:
        return _Lately(self.short + other.short, self.minute + other.minute)

    def room(self, a_minute: int) -> int:
        return min(_burst(a_minute) - self.short, a_minute - self.minute)


def room(most: int) -> Room:
    """How many of at most `most` mails may be leased now; call it in the transaction that leases them."""
    slowed = {pace.domain: pace for pace in Pace.objects.filter(until__gt=MachineNow())}
    limits = (settings.MAILS_A_MINUTE, settings.MAILS_A_MINUTE_TO_A_DOMAIN, settings.MAILS_A_DAY)
    if not slowed and not any(limits):
        return Room(most)
    turns.wait(Turn.LEASING)
    lately = _lately()
    whole = sum(lately.values(), _Lately())
    total = min(most, whole.room(_least(settings.MAILS_A_MINUTE, slowed.get(""))), _today())
    if (pace := slowed.get("")) and pace.one_by_one:
        total = min(total, 0 if _under_way().exists() else 1)
    usual = settings.MAILS_A_MINUTE_TO_A_DOMAIN
    of = {
        domain: lately.get(domain, _Lately()).room(_least(usual, slowed.get(domain)))
        for domain in (lately.keys() | slowed.keys()) - {""}
    }
    return Room(max(total, 0), of, _burst(_least(usual, None)))


@transaction.atomic
def slow_down(domain: str, *, one_by_one: bool = False) -> None:
    """Halve the pace of a domain (empty: of everything) for a while, once in ten seconds at most.

    :param one_by_one: the server wants one conversation at a time
    """
    turns.wait(Turn.LEASING)
    known = Pace.objects.filter(domain=domain, until__gt=MachineNow())
    if known.filter(since__gt=MachineNow() - SHORT).exists():
        return
    before = known.values_list("a_minute", flat=True).first() or _handed(domain)
    Pace.objects.update_or_create(
        domain=domain,
        defaults={
            "a_minute": max(before // 2, 1),
            "one_by_one": one_by_one,
            "since": MachineNow(),
            "until": MachineNow() + EASES_AFTER,
        },
    )


def handed_since(span: timedelta) -> QuerySet[Mail]:
    """Mails that left within the last `span` of machine time."""
    return Mail.objects.filter(handed_at__gt=MachineNow() - span)


def _handed(domain: str) -> int:
    mine = {"domain": domain} if domain else {}
    return handed_since(MINUTE).filter(**mine).count()


def _lately() -> dict[str, _Lately]:
    """Per domain, what left in the last minute and what is on its way."""
    counted = Mail.objects.filter(Q(handed_at__gt=MachineNow() - MINUTE) | _on_its_way()).order_by()
    short = Count("pk", filter=Q(handed_at__gt=MachineNow() - SHORT) | _on_its_way())
    rows = counted.values("domain").annotate(short=short, minute=Count("pk"))
    return {row["domain"]: _Lately(row["short"], row["minute"]) for row in rows}


def _today() -> int:
    if not settings.MAILS_A_DAY:
        return NO_LIMIT
    gone: int = handed_since(DAY).count()
    return int(settings.MAILS_A_DAY) - gone - _under_way().count()


def _under_way() -> QuerySet[Mail]:
    return Mail.objects.filter(_on_its_way())


def _on_its_way() -> Q:
    return Q(state=Mail.State.OWED, lease_until__gt=MachineNow())


def _least(limit: int, pace: Pace | None) -> int:
    return min(limit or NO_LIMIT, pace.a_minute if pace else NO_LIMIT)


def _burst(a_minute: int) -> int:
    return -(-a_minute * SHORT.seconds // MINUTE.seconds)
