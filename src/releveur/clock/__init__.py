"""The only reader of business time: everybody asks here, or gets `now` as a parameter.

Under a test clock, and in the demonstration, one row of the database holds an
instant that stands still until it is moved, so that web, worker and commands
agree. Machine time (leases, back-off) is the database's own and never compared
with this one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

PARIS = ZoneInfo("Europe/Paris")


class NoTestClock(Exception):
    """Real time cannot be set."""


class ClockRunsForward(Exception):
    """The test clock already stands later than the instant asked for."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at.isoformat())
        self.at = at


def now() -> datetime:
    """The business instant, aware; the wall clock's until a test clock is first set."""
    if settings.TEST_CLOCK:
        from releveur.clock.models import Instant  # noqa: PLC0415  # models load after their package

        if instant := Instant.objects.first():
            return instant.at
    return datetime.now(UTC)


def today() -> date:
    """The business day, in Paris."""
    return now().astimezone(PARIS).date()


@transaction.atomic
def set(instant: datetime) -> None:  # noqa: A001  # reads `clock.set(instant)`
    """Stop the test clock at an instant: any the first time, the same or a later one after.

    :raises NoTestClock: time is real here
    :raises ClockRunsForward: the clock stands later already
    """
    if not settings.TEST_CLOCK:
        raise NoTestClock
    from releveur.clock.models import Instant  # noqa: PLC0415  # models load after their package

    Instant.objects.get_or_create(pk=1, defaults={"at": instant})
    if not Instant.objects.filter(pk=1, at__lte=instant).update(at=instant):
        raise ClockRunsForward(Instant.objects.get(pk=1).at)
