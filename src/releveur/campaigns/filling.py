"""Rows filled by a real reading nobody had to ask for: imports, technicians, collectors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from releveur.campaigns import locks, pointing, reminding
from releveur.campaigns.models import Campaign, DueReading, Kind
from releveur.fleet.models import Device
from releveur.readings.models import Billed, Reading
from releveur.rules import window

BEGINNINGS = (Reading.Occasion.NEW_METER, Reading.Occasion.INSTALLATION)


def fill(campaign: int | None = None, *, device: Device | None = None, now: datetime) -> int:
    """Point empty and estimated rows of unsigned campaigns to the real readings that fit them.

    Which reading fits is `rules.window`; none fills two rows.

    :param campaign: only rows of this one
    :param device: only rows of its meters
    :returns: how many rows were filled
    """
    filled = 0
    for pk, rows in _candidates(campaign, device).items():
        with transaction.atomic():
            filled += _fill(pk, rows, now=now)
    return filled


def _candidates(campaign: int | None, device: Device | None) -> dict[int, list[int]]:
    """Rows that some unused real reading might fill, per campaign: usually none."""
    near = _unused().filter(
        meter=OuterRef("meter"), taken_on__gte=OuterRef("due_on") - window.LONGEST
    )
    rows = DueReading.objects.unanswered().filter(Exists(near), kind=Kind.PERIODIC)
    rows = rows.exclude(campaign__state=Campaign.State.SIGNED)
    if campaign is not None:
        rows = rows.filter(campaign=campaign)
    if device is not None:
        rows = rows.filter(meter__device=device)
    held = list(rows.select_related("coverage__contract").order_by("campaign_id", "pk"))
    found: dict[int, list[int]] = defaultdict(list)
    for row in _matched(held):
        found[row.campaign_id].append(row.pk)
    return found


def _unused() -> QuerySet[Reading]:
    """Real readings that stand for no row yet; where a segment or a stay begins stands for none."""
    used = DueReading.objects.filter(reading=OuterRef("pk"), kind=Kind.PERIODIC)
    readings = Reading.objects.standing().real().filter(~Exists(used))
    return readings.exclude(occasion__in=BEGINNINGS)


def _fill(campaign: int, rows: Sequence[int], *, now: datetime) -> int:
    mine = dict.fromkeys(rows, campaign)
    held = locks.hold_whole(lambda: mine | lenders(DueReading.objects.filter(pk__in=rows)))
    held = [row for row in held if row.pk in mine and not _is_settled(row)]
    filled = _matched(held)
    pointing.save(filled)
    reminding.withhold_answered(locks.asking(rows), now=now)
    return len(filled)


def lenders(rows: QuerySet[DueReading] | None = None) -> dict[int, int]:
    """One-off requests whose readings these rows, or any, may take, with their campaigns.

    Whoever takes such a reading back, or corrects it, holds them.
    """
    requests = DueReading.objects.filter(kind=Kind.ONE_OFF, reading__in=_unused())
    if rows is not None:
        requests = requests.filter(meter__in=rows.values("meter"))
    return dict(requests.values_list("pk", "campaign_id"))


def _matched(rows: Sequence[DueReading]) -> list[DueReading]:
    """The rows for which there is a reading, pointed to it; not written."""
    billed = Billed.objects.last_of(row.meter_id for row in rows)
    unused = _unused_by_meter(row.meter_id for row in rows)
    matched = []
    for row in rows:
        last = billed.get(row.meter_id)
        if reading := _take(row, unused[row.meter_id], billed_on=last.taken_on if last else None):
            row.reading = reading
            matched.append(row)
    return matched


def _is_settled(row: DueReading) -> bool:
    signed = row.campaign.state == Campaign.State.SIGNED
    return signed or row.answer is not None


def _unused_by_meter(meters: Iterable[int]) -> Mapping[int, list[Reading]]:
    found: dict[int, list[Reading]] = defaultdict(list)
    for reading in _unused().filter(meter__in=list(meters)).order_by("taken_on", "pk"):
        found[reading.meter_id].append(reading)
    return found


def _take(row: DueReading, unused: list[Reading], *, billed_on: date | None) -> Reading | None:
    """The fitting reading nearest to the day due; taken, so that no other row gets it."""
    months = row.coverage.contract.months
    best = nearest(unused, due_on=row.due_on, months=months, billed_on=billed_on)
    if best:
        unused.remove(best)
    return best


def nearest(
    readings: Sequence[Reading], *, due_on: date, months: int, billed_on: date | None
) -> Reading | None:
    """Of the readings that fit a row, the one nearest to its day due; of two, the later one.

    :param readings: by their days
    """
    fitting = [
        reading
        for reading in readings
        if window.fits(reading.taken_on, due_on=due_on, months=months, billed_on=billed_on)
    ]
    return min(reversed(fitting), key=lambda one: abs(one.taken_on - due_on), default=None)
