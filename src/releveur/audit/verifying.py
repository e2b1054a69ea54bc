"""Is the audit what it was? Every seal is computed again, every entry compared with its digest.

What is found is named: an entry altered, missing or slipped in, a name altered or blanked, a seal that
does not follow the one before. A chain whose end was cut off is still a chain: only a hash kept
elsewhere tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from django.db import connection
from django.utils.translation import gettext as _

from releveur.audit import sealing
from releveur.audit.models import Action, Actor, ActorName, Entry, Seal, Unsealed
from releveur.audit.writing import name_digest

SEALS_AT_A_TIME = 20
MOST_NAMED = 100
"""Entries slipped in that are named one by one."""

NEITHER_SEALED_NOR_WAITING = """
    SELECT entry.id FROM audit_entry entry
    LEFT JOIN audit_unsealed waiting ON waiting.entry_id = entry.id
    LEFT JOIN (SELECT (jsonb_array_elements(digests)->>0)::bigint AS id FROM audit_seal) sealed
        ON sealed.id = entry.id
    WHERE waiting.entry_id IS NULL AND sealed.id IS NULL
    ORDER BY entry.id LIMIT %s
"""


class Fault(StrEnum):
    ALTERED = "ALTERED"
    MISSING = "MISSING"
    INSERTED = "INSERTED"
    NAME = "NAME"
    BROKEN = "BROKEN"
    CUT = "CUT"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is not as it was, and which row it is."""

    fault: Fault
    sentence: str
    entry: int | None = None
    seal: int | None = None


@dataclass(slots=True)
class Verified:
    """What was looked at, what was found, and the hash to keep elsewhere."""

    seals: int = 0
    entries: int = 0
    waiting: int = 0
    names_erased: int = 0
    last_hash: str = sealing.FIRST
    found: list[Found] = field(default_factory=list)


def verify(*, expect: str = "") -> Verified:
    """Compute the whole chain again, a few seals at a time.

    :param expect: a hash kept elsewhere; the chain must still pass through it
    """
    seen = Verified(waiting=Unsealed.objects.count())
    passed = expect == sealing.FIRST
    erased = _erased_people()
    for seal in Seal.objects.order_by("pk").iterator(chunk_size=SEALS_AT_A_TIME):
        seen.found += _broken(seal, after=seen.last_hash)
        seen.found += _entries(seal, seen, erased)
        seen.seals, seen.last_hash = seen.seals + 1, seal.hash
        passed = passed or seal.hash == expect
    seen.found += _slipped_in()
    if expect and not passed:
        sentence = _(
            "The hash kept elsewhere is not in this chain: its end was cut off or rewritten."
        )
        seen.found.append(Found(Fault.CUT, sentence))
    return seen


def _broken(seal: Seal, *, after: str) -> Iterator[Found]:
    if seal.previous != after:
        sentence = _(
            "Seal %(seal)d does not follow the one before: a seal is missing or was made up."
        )
        yield Found(Fault.BROKEN, sentence % {"seal": seal.pk}, seal=seal.pk)
    if seal.hash != sealing.chained(seal.previous, seal.digests, seal.sealed_at):
        sentence = _("Seal %(seal)d was altered.")
        yield Found(Fault.BROKEN, sentence % {"seal": seal.pk}, seal=seal.pk)


def _entries(seal: Seal, seen: Verified, erased: frozenset[int]) -> Iterator[Found]:
    there = Entry.objects.select_related("name").in_bulk(
        [number for number, _digest in seal.digests]
    )
    for number, digest in seal.digests:
        entry = there.get(number)
        if entry is None:
            yield _found(Fault.MISSING, _("Entry %(entry)d is missing."), number, seal)
            continue
        seen.entries += 1
        if sealing.digest(entry) != digest:
            yield _found(Fault.ALTERED, _("Entry %(entry)d was altered."), number, seal)
        name = getattr(entry, "name", None)
        hers = entry.actor == Actor.CUSTOMER and entry.actor_id in erased
        if hers and name is not None and name.erased_at:
            seen.names_erased += 1
        elif not _name_is_right(entry, name):
            sentence = _("The name in entry %(entry)d was altered or blanked.")
            yield _found(Fault.NAME, sentence, number, seal)


def _name_is_right(entry: Entry, name: ActorName | None) -> bool:
    if name is None:
        return not entry.name_digest
    return name_digest(name.name, name.salt) == entry.name_digest


def _erased_people() -> frozenset[int]:
    """Whose names may be blank: an entry says that they were erased."""
    erasures = Entry.objects.filter(action=Action.ERASE_PERSON, subject="CONTACT")
    return frozenset(filter(None, erasures.values_list("subject_id", flat=True)))


def _slipped_in() -> Iterator[Found]:
    """Every entry is born with its row in `Unsealed`, which only a seal takes away."""
    with connection.cursor() as cursor:
        cursor.execute(NEITHER_SEALED_NOR_WAITING, [MOST_NAMED])
        numbers = [number for (number,) in cursor.fetchall()]
    for number in numbers:
        sentence = _("Entry %(entry)d was slipped in: no seal covers it and none waits for it.")
        yield Found(Fault.INSERTED, sentence % {"entry": number}, entry=number)


def _found(fault: Fault, sentence: str, entry: int, seal: Seal) -> Found:
    return Found(fault, sentence % {"entry": entry}, entry=entry, seal=seal.pk)
