"""A signed basis compared with what the audit keeps of it: written once is a right, this is a proof."""

from __future__ import annotations

from collections.abc import Iterator

from releveur.audit.models import Action, Entry
from releveur.campaigns import basis
from releveur.campaigns.models import Campaign


def signed_otherwise() -> Iterator[Entry]:
    """The signatures whose lines are not those that were signed: altered, missing, or too many."""
    signatures = Entry.objects.filter(action=Action.SIGN).exclude(digest="").order_by("pk")
    for entry in signatures.iterator():
        now = basis.digest(Campaign(pk=entry.subject_id))
        if (now.rows, now.digest) != (entry.rows, entry.digest):
            yield entry
