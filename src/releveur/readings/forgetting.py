"""Photos whose time is over: the file goes, the proof stays with its digest and says when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from releveur.audit.models import Action
from releveur.audit.writing import SYSTEM, many, note
from releveur.readings.models import PhotoErased, Proof

CHUNK = 200


def forget_photos(*, before: datetime, now: datetime) -> int:
    """Erase the oldest photos whose last reading was recorded before; one chunk.

    :returns: how many were erased by this call
    """
    over = _over(before)
    if not over:
        return 0
    # The files first: cut off here, the next call finds them gone and writes the rest.
    for proof in over:
        proof.file.storage.delete(str(proof.file))
    with transaction.atomic():
        PhotoErased.objects.bulk_create(
            [PhotoErased(proof=proof, erased_at=now) for proof in over], ignore_conflicts=True
        )
        gone = many([proof.pk, proof.sha256] for proof in over)
        note(None, Action.FORGET_PHOTOS, by=SYSTEM, many=gone, now=now)
    return len(over)


def _over(before: datetime) -> Sequence[Proof]:
    """A photo that no reading points to is as old as the next one that has a reading."""
    oldest = Proof.objects.filter(erased=None).order_by("pk")
    dated = oldest.annotate(last=Max("readings__recorded_at"))[:CHUNK]
    over: list[Proof] = []
    for proof in reversed(dated):
        if proof.last < before if proof.last else bool(over):
            over.append(proof)
    return over[::-1]
