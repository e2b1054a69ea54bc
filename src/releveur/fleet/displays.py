"""What the display of a meter can show."""

from __future__ import annotations

from collections.abc import Iterable

from releveur.fleet.models import Meter


def count(meters: Iterable[int], *, digits: int) -> None:
    """Keep how many digits the displays of these meters have: beyond the last they begin at 0 again."""
    Meter.objects.filter(pk__in=list(meters)).update(digits=digits)
