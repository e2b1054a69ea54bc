"""One line of the audit, written in the transaction of the act: both happen, or neither does.

People of the customers stand here by their number, never by name, address or phone, in `before`, `after`
and `why` too: `ActorName` is the one place that can forget.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction

from releveur.audit.models import Action, Actor, ActorName, Entry, Unsealed

LONGEST_KEY = 160
LONGEST_WHY = 240
LONGEST_NAME = 161

type Facts = Mapping[str, object]
"""Small and JSON-able; days and instants become text."""


@dataclass(frozen=True, slots=True)
class By:
    """Who acts. A customer's person has her contact's number, and the name she had then."""

    actor: Actor
    id: int | None = None
    name: str = ""


OFFICE = By(Actor.OFFICE)
SYSTEM = By(Actor.SYSTEM)
NOBODY = By(Actor.NOBODY)


@dataclass(frozen=True, slots=True)
class Many:
    """Rows that one act changed together: how many, and a digest that tells them from others."""

    rows: int
    digest: str = ""


@transaction.atomic(savepoint=False)
def note(
    about: models.Model | Path | None,
    action: Action,
    *,
    by: By,
    key: object = "",
    before: Facts | None = None,
    after: Facts | None = None,
    why: str = "",
    many: Many | None = None,
    now: datetime,
) -> Entry:
    """Write down who did what to which thing; call it inside the transaction of the act.

    :param about: a row, a file by its path, or None
    :param key: what people know the thing by: serial number, customer code, number of a campaign
    """
    salt = secrets.token_hex(16) if by.name else ""
    name = by.name[:LONGEST_NAME]
    entry = Entry.objects.create(
        at=now,
        actor=by.actor,
        actor_id=by.id,
        name_digest=name_digest(name, salt) if name else "",
        action=action,
        subject=_kind(about),
        subject_id=about.pk if isinstance(about, models.Model) else None,
        subject_key=str(about.name if isinstance(about, Path) else key)[:LONGEST_KEY],
        before=_plain(before),
        after=_plain(after),
        why=why[:LONGEST_WHY],
        rows=many.rows if many else None,
        digest=many.digest if many else "",
    )
    if name:
        ActorName.objects.create(entry=entry, name=name, salt=salt)
    Unsealed.objects.create(entry=entry)
    return entry


def many(rows: Iterable[object]) -> Many:
    """Count rows and digest them, in their order.

    >>> many([["MONO", 41200], ["COLOR", 92910]]).rows
    2
    """
    digest, count = hashlib.sha256(), 0
    for row in rows:
        count += 1
        digest.update(_json(row).encode() + b"\n")
    return Many(count, digest.hexdigest())


def name_digest(name: str, salt: str) -> str:
    """What an entry keeps of a name: nothing that can be tried out without the salt."""
    return hashlib.sha256(f"{salt}|{name}".encode()).hexdigest()


def changed(before: Facts, after: Facts) -> tuple[Facts, Facts]:
    """Only what differs.

    >>> changed({"phone": "1", "town": "Paris"}, {"phone": "2", "town": "Paris"})
    ({'phone': '1'}, {'phone': '2'})
    """
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def _kind(about: models.Model | Path | None) -> str:
    match about:
        case models.Model():
            return type(about).__name__.upper()
        case Path():
            return "FILE"
        case _:
            return ""


def _plain(facts: Facts | None) -> object:
    """As the database gives it back: what is sealed is what is read again."""
    return None if facts is None else json.loads(_json(facts))


def _json(value: object) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False)
