"""A check and what it found; a list of checks is data, for the doctor and for `/health/ready`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import psycopg
from django.db import Error, connection
from django.utils.functional import Promise


class Level(StrEnum):
    OK = "OK"
    WARN = "WARN"
    """It works, and could be better."""
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Found:
    ok: bool
    reading: str | float | None = None
    """A word or a number; never a secret, an address or a name of a person."""
    advice: str | Promise = ""
    """What to do, where something is."""
    weak: bool = False
    """It works, and could be better."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    look: Callable[[], Found]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, and what to do about it."""

    check: str
    level: Level
    reading: str | float | None
    advice: str = ""

    @property
    def ok(self) -> bool:
        return self.level != Level.FAIL


def look(checks: Sequence[Check]) -> Iterator[Finding]:
    """Run them all; one that cannot be run has found something wrong."""
    for check in checks:
        try:
            found = check.look()
        except (Error, psycopg.Error, OSError) as fault:
            # Not its words: they may name hosts and roles.
            found = Found(ok=False, reading=type(fault).__name__)
        yield Finding(check.name, _level(found), found.reading, str(found.advice))


def _level(found: Found) -> Level:
    if not found.ok:
        return Level.FAIL
    return Level.WARN if found.weak else Level.OK


def value(query: str) -> object:
    """The one value a query answers."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    return row[0] if row else None


def machine_seconds() -> float:
    """This machine's own clock, for comparing it with the database's; never business time."""
    return time.time_ns() / 1e9


def since(instant: datetime | None) -> float | None:
    """Seconds since an instant, on this machine's clock."""
    return None if instant is None else round(machine_seconds() - instant.timestamp(), 1)
