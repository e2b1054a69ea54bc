"""Every stored estimate computed again, by the rule of its time, from what was stored with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from releveur.readings.models import Reading
from releveur.rules import estimation
from releveur.rules.estimation import Estimate, Method

CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Differing:
    """An estimate that does not come out again; None where nothing comes out at all."""

    reading: int
    meter: int
    taken_on: str
    version: int | None
    value: int
    again: int | None


def how_many() -> int:
    """Count the estimates there are."""
    return _estimates().count()


def differing(seen: Callable[[int], object]) -> Iterator[Differing]:
    """Compute all of them again, chunk by chunk, and yield those that come out otherwise.

    :param seen: told after each chunk how many have been computed
    """
    last, done = 0, 0
    fields = ("pk", "meter_id", "taken_on", "value", "explanation")
    while rows := list(_estimates().filter(pk__gt=last).order_by("pk").values(*fields)[:CHUNK]):
        for row in rows:
            if found := _otherwise(row):
                yield found
        last, done = rows[-1]["pk"], done + len(rows)
        seen(done)


def _estimates() -> QuerySet[Reading]:
    return Reading.objects.filter(source=Reading.Source.SYSTEM)


def _otherwise(row: Mapping[str, Any]) -> Differing | None:
    stored = row["explanation"]
    again = _again(stored)
    if again and (again.value, again.volume) == (row["value"], stored["volume"]):
        return None
    value = again.value if again else None
    day, version = row["taken_on"].isoformat(), stored.get("version")
    return Differing(row["pk"], row["meter_id"], day, version, row["value"], value)


def _again(stored: Mapping[str, Any]) -> Estimate | None:
    """Nothing where a part of it is missing, or its version is not known."""
    try:
        version = int(stored["version"])
        if not 1 <= version <= estimation.VERSION:
            return None
        return estimation.recompute(Method(stored["method"]), stored["inputs"], version=version)
    except (KeyError, ValueError, TypeError):
        return None
