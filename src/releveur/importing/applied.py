"""A file was imported: one line of the audit, with what it did and what tells it from other files."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from releveur.audit import writing
from releveur.audit.models import Action
from releveur.audit.writing import By, Many
from releveur.importing.report import Report


def note(path: Path, action: Action, report: Report, *, by: By, now: datetime) -> None:
    """Write down what a file changed; the rows themselves stand in their tables."""
    done = {name: [one.created, one.updated] for name, one in report.counts.items()}
    after: dict[str, object] = {name: counts for name, counts in done.items() if any(counts)}
    if report.prefer:
        settled = writing.many(one.as_json() for one in report.settled)
        after |= {
            "prefer": report.prefer,
            "settled": settled.rows,
            "settled_digest": settled.digest,
        }
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    changed = Many(sum(map(sum, done.values())), content)
    writing.note(path, action, by=by, after=after, many=changed, now=now)
