"""How often a stranger may: counted in the database, for all machines at once, by its clock.

Each span begins with somebody's first act and ends by itself: going on does not make it longer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils.crypto import salted_hmac

from releveur.clock.machine import MachineNow
from releveur.customers.models import Tally

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
"""No span is longer; what is older is forgotten."""

SALT = "releveur.customers.restraining"

COUNT = """
    insert into customers_tally as tally (who_hash, began_at, count)
    values (%(who)s, clock_timestamp(), 1)
    on conflict (who_hash) do update set
        count = case when tally.began_at > clock_timestamp() - %(within)s
            then tally.count + 1 else 1 end,
        began_at = case when tally.began_at > clock_timestamp() - %(within)s
            then tally.began_at else clock_timestamp() end
    returning count, began_at + %(within)s - clock_timestamp()
"""


class TooOften(Exception):
    """Not again before `after` is over."""

    def __init__(self, after: timedelta) -> None:
        super().__init__(after)
        self.after = after


def count(what: str, who: str, *, most: int, within: timedelta = HOUR) -> None:
    """Count one more, in one statement.

    :param who: an invitation, a browser, an address of the network; only its keyed hash is kept
    :raises TooOften: so many were counted already in this span
    """
    given: dict[str, Any] = {"who": hashed(what, who), "within": within}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, given)
        counted, rest = cursor.fetchone()
    if counted > most:
        raise TooOften(rest)


def forget() -> int:
    """Delete what no span needs any more; return how many."""
    deleted, _tables = Tally.objects.filter(began_at__lt=MachineNow() - DAY).delete()
    return deleted


def hashed(what: str, who: str) -> str:
    """What stands in the table instead of whom it is about."""
    return salted_hmac(f"{SALT}.{what}", who, algorithm="sha256").hexdigest()
