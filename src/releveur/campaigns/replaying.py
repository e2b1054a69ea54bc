"""A past period as the rules would have billed it, from the readings imported since; nothing is written.

What was known then is what was read by the deadline its campaign would have had. An index billed in
the second half of the period is the invoice of that period itself, so that the line runs from the
one before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from releveur.campaigns import basis, due, filling
from releveur.campaigns.due import Due
from releveur.campaigns.models import DueReading, Kind
from releveur.dealer.closures import closed_days
from releveur.fleet.models import Meter
from releveur.readings import estimating
from releveur.readings.estimating import ModelRates
from releveur.readings.models import Billed, Quality, Reading
from releveur.readings.submission import Facts
from releveur.rules import metering, schedule, window
from releveur.rules.schedule import PARIS

TEN = time(10, 0)


@dataclass(frozen=True, slots=True)
class Replay:
    """The lines of the period; `blocked`: meters without a reading that may not be estimated."""

    lines: Sequence[basis.Line]
    blocked: Collection[int]
    known_until: date


def deadline(due_until: date) -> date:
    """The last day on which a campaign opened on the due day would have taken an answer."""
    opened = datetime.combine(due_until, TEN, PARIS)
    return schedule.plan(opened, closed_days()).asks_until.date()


def replay(due_until: date, *, known_until: date) -> Replay:
    """Compute the lines of a past due date: the same number of queries whatever the size.

    Every meter that may be estimated is, as if everybody had been asked.

    :param known_until: readings taken later are as unknown as they were then
    """
    rows = [_row(one) for one in due.picture_of_then(due_until).due]
    before = _billed_before(rows)
    known = _known(rows, before, known_until)
    _fill(rows, before, known_until)
    blocked = [row.meter_id for row in rows if row.reading is None and not _estimable(row)]
    _estimate(rows, known, known_until)
    read = sorted((row for row in rows if row.reading is not None), key=_order)
    last = {meter: _as_billed(meter, billed[-1]) for meter, billed in before.items()}
    lines = basis.lines(read, known=known, before=last, findings={})
    return Replay(lines, blocked, known_until)


def _row(one: Due) -> DueReading:
    """Unwritten; its meter has the device whose model was read already."""
    one.meter.device = one.coverage.device
    return DueReading(
        kind=Kind.PERIODIC,
        meter=one.meter,
        due_on=one.due_on,
        coverage=one.coverage,
        installation=one.installation,
        final=one.final,
    )


def _order(row: DueReading) -> tuple[str, str, int, str]:
    kind = row.meter.kind
    customer = row.installation.site.customer.code
    return customer, row.meter.device.serial, kind.position, kind.code


def _billed_before(rows: Sequence[DueReading]) -> dict[int, list[metering.Reading]]:
    """What was invoiced of each meter before the period, oldest first; only meters that have some."""
    until: dict[int, date] = {}
    for row in sorted(rows, key=lambda row: row.due_on, reverse=True):
        begin = due.period_begin(row.coverage, row.due_on)
        until[row.meter_id] = begin + (row.due_on - begin) / 2
    invoiced = Billed.objects.filter(meter__in=until).histories()
    found = {
        meter: [one for one in indexes if one.taken_on <= until[meter]]
        for meter, indexes in invoiced.items()
    }
    return {meter: indexes for meter, indexes in found.items() if indexes}


def _as_billed(meter: int, index: metering.Reading) -> Billed:
    return Billed(
        meter_id=meter,
        segment=index.segment,
        taken_on=index.taken_on,
        value=index.value,
        quality=Quality(index.quality),
    )


def _known(
    rows: Sequence[DueReading],
    before: Mapping[int, Sequence[metering.Reading]],
    known_until: date,
) -> dict[int, Facts]:
    meters: dict[int, Meter] = {row.meter_id: row.meter for row in rows}
    readings = Reading.objects.standing().filter(meter__in=meters, taken_on__lte=known_until)
    histories = readings.histories()
    return {
        pk: Facts(
            histories.get(pk, []), list(before.get(pk, ())), meter.monthly_volume, meter.digits
        )
        for pk, meter in meters.items()
    }


def _fill(
    rows: Sequence[DueReading],
    before: Mapping[int, Sequence[metering.Reading]],
    known_until: date,
) -> None:
    """Give each row the real reading that would have stood for it."""
    unused = _readings(rows, known_until)
    for row in sorted(rows, key=lambda row: row.due_on):
        billed = before.get(row.meter_id)
        mine = unused[row.meter_id]
        best = filling.nearest(
            mine,
            due_on=row.due_on,
            months=row.coverage.contract.months,
            billed_on=billed[-1].taken_on if billed else None,
        )
        if best:
            mine.remove(best)
            row.reading = best


def _readings(rows: Sequence[DueReading], known_until: date) -> Mapping[int, list[Reading]]:
    found: dict[int, list[Reading]] = defaultdict(list)
    if not rows:
        return found
    since = min(row.due_on for row in rows) - window.LONGEST
    near = Reading.objects.standing().real().exclude(occasion__in=filling.BEGINNINGS)
    near = near.filter(
        meter__in={row.meter_id for row in rows}, taken_on__range=(since, known_until)
    )
    for reading in near.order_by("taken_on", "pk"):
        found[reading.meter_id].append(reading)
    return found


def _estimable(row: DueReading) -> bool:
    return row.coverage.contract.estimation_allowed


def _estimate(rows: Sequence[DueReading], known: Mapping[int, Facts], known_until: date) -> None:
    """Where nobody read it: on the day due, or on that of the device's other meter."""
    days = {(row.meter.device_id, row.due_on): row.reading.taken_on for row in rows if row.reading}
    empty = [row for row in rows if row.reading is None and _estimable(row)]
    unread = [
        estimating.unread(row.meter, on=days.get((row.meter.device_id, row.due_on), row.due_on))
        for row in empty
    ]
    closed = datetime.combine(known_until, TEN, PARIS)
    rates = ModelRates(until=known_until)
    past = [known[row.meter_id] for row in empty]
    estimates = estimating.foresee(unread, rates=rates, known=past, now=closed)
    for row, reading in zip(empty, estimates, strict=True):
        row.reading = reading
