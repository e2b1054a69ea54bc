"""The audit as people read it, the oldest first."""

from __future__ import annotations

from datetime import date, datetime, time

from django.db.models import Q

from releveur.audit.models import Action, Entry
from releveur.clock import PARIS

MOST = 1_000
"""Of many entries the newest are shown."""


def entries(*, subject: str = "", since: date | None = None) -> list[Entry]:
    """What was done, of one thing or of all, with the names that stand.

    :param subject: a serial number, a customer code, the number of a receipt or of a campaign
    :param since: from this day on, in Paris
    """
    found = Entry.objects.select_related("name", "unsealed")
    if subject:
        among = Q(subject_key__startswith=f"{subject}, ") | Q(subject_key__contains=f", {subject}")
        found = found.filter(Q(subject_key=subject) | among)
    if since:
        found = found.filter(at__gte=datetime.combine(since, time(), tzinfo=PARIS))
    return list(found.order_by("-pk")[:MOST])[::-1]


def told(entry: Entry) -> dict[str, object]:
    """One entry, JSON-able."""
    name = getattr(entry, "name", None)
    return {
        "id": entry.pk,
        "at": entry.at,
        "recorded_at": entry.recorded_at,
        "who": entry.actor,
        "who_id": entry.actor_id,
        "name": name.name if name else "",
        "action": entry.action,
        "subject": entry.subject,
        "subject_id": entry.subject_id,
        "key": entry.subject_key,
        "before": entry.before,
        "after": entry.after,
        "why": entry.why,
        "rows": entry.rows,
        "digest": entry.digest,
        "sealed": not hasattr(entry, "unsealed"),
    }


def in_words(entry: Entry) -> str:
    """« 05/04/2022 10:00  Alexandra  took values back  R220405-ABCDEF  …»."""
    name = getattr(entry, "name", None)
    who = (name.name if name else "") or " ".join(filter(None, (entry.actor, _number(entry))))
    what = Action(entry.action).label if entry.action in Action else entry.action
    thing = entry.subject_key or f"{entry.subject} {entry.subject_id or ''}".strip()
    rows = f"({entry.rows})" if entry.rows is not None else ""
    day = f"{entry.at.astimezone(PARIS):%d/%m/%Y %H:%M}"
    changes = (_flat(entry.before), "→" if entry.before and entry.after else "", _flat(entry.after))
    parts = (day, who, str(what), thing, rows, " ".join(filter(None, changes)), entry.why)
    return "  ".join(filter(None, parts))


def _number(entry: Entry) -> str:
    return str(entry.actor_id) if entry.actor_id else ""


def _flat(facts: object) -> str:
    if not isinstance(facts, dict):
        return ""
    return ", ".join(f"{name} {value}" for name, value in facts.items())
