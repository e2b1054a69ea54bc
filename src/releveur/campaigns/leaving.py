"""A device left before the day it was due: what it showed when it left is wanted, and nothing beyond."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from releveur.campaigns import locks, pointing
from releveur.campaigns.models import Campaign, DueReading, Kind
from releveur.fleet.models import Device, Installation
from releveur.readings.models import Billed


def bring_all_forward() -> int:
    """Whatever ended the stays, an import or a command: look at every row of a device that left.

    :returns: how many rows moved
    """
    left = _beyond().exclude(_settled(OuterRef("installation__until")))
    stays = Installation.objects.filter(pk__in=set(left.values_list("installation", flat=True)))
    return sum(bring_forward(stay) for stay in stays.order_by("pk"))


@transaction.atomic
def bring_forward(stay: Installation) -> int:
    """What was due of a device after the day it left is due on that day, as its last reading.

    An estimate for the later day is taken out: nothing is billed beyond. Rows somebody answered stay
    as they are. Those of meters billed up to that day, or due on it anyway, are asked no more.

    :returns: how many rows moved
    """
    rows = hold(_beyond().filter(installation=stay))
    estimated = [row for row in rows if row.reading_id]
    for row in estimated:
        row.reading = None
    pointing.save(estimated)
    wanted = _beyond().filter(pk__in=[row.pk for row in rows]).exclude(_settled(stay.until))
    first = {(row.meter_id, row.kind): row.pk for row in wanted.order_by("-due_on", "-pk")}
    moved = DueReading.objects.filter(pk__in=first.values())
    return moved.update(due_on=stay.until, final=True)


def hold(rows: QuerySet[DueReading]) -> list[DueReading]:
    """Hold these rows in the house's order; those answered or signed meanwhile are left out."""
    named = rows.values_list("pk", "campaign_id")
    held = [row for row in locks.hold_whole(lambda: dict(named.all())) if row.answer is None]
    return [row for row in held if row.campaign.state != Campaign.State.SIGNED]


def hold_all(device: Device) -> None:
    """Hold all that may still be written of a device: what a longer verb holds afterwards is held already."""
    rows = DueReading.objects.filter(meter__device=device)
    rows = rows.exclude(campaign__state=Campaign.State.SIGNED)
    locks.hold_whole(lambda: dict(rows.values_list("pk", "campaign_id")))


def _beyond() -> QuerySet[DueReading]:
    """Unanswered rows of unsigned campaigns whose device left before the day; a request only while it runs."""
    rows = DueReading.objects.unanswered().filter(installation__until__lt=F("due_on"))
    rows = rows.exclude(campaign__state=Campaign.State.SIGNED)
    return rows.exclude(kind=Kind.ONE_OFF, campaign__state=Campaign.State.CLOSED)


def _settled(day: date | OuterRef | None) -> Q:
    """Whether the meter of a row was billed up to that day, or is due on it anyway."""
    same = Q(meter=OuterRef("meter"), kind=OuterRef("kind")) & Q(("due_on", day))
    billed = Q(meter=OuterRef("meter")) & Q(("taken_on__gte", day))
    return Q(Exists(DueReading.objects.filter(same)) | Exists(Billed.objects.filter(billed)))
