"""Which meters owe a reading up to a day, and where they stood: the picture an opening draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, Max, OuterRef, Q

from releveur.campaigns.models import Campaign, DueReading, Kind
from releveur.contracts.models import Coverage
from releveur.customers.models import Customer
from releveur.fleet.models import Device, Installation, Meter
from releveur.readings.models import Billed
from releveur.rules import schedule


@dataclass(frozen=True, slots=True)
class Due:
    """One meter owed one reading on one day, under this coverage, at this installation."""

    meter: Meter
    due_on: date
    coverage: Coverage
    installation: Installation
    final: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """What an opening would ask, and the devices under contract that stand nowhere."""

    due: Sequence[Due]
    nowhere: Sequence[Device]


@dataclass(frozen=True, slots=True)
class _Past:
    asked_on: Mapping[int, date]
    billed_on: Mapping[int, date]

    def last_day(self, meter: int) -> date:
        return max(self.asked_on.get(meter, date.min), self.billed_on.get(meter, date.min))


def picture(until: date, *, only: Collection[str] | None = None) -> Picture:
    """Draw what is due up to `until` and was not asked before.

    Per covered and billed meter: the latest due date of its contract (earlier missed ones are settled
    by it); once more at its end where the coverage or the installation ended after the last billed
    day.

    :param only: customer codes or serials; None means everybody
    """
    return _picture(_coverages(only), until)


def _picture(coverages: Sequence[Coverage], until: date) -> Picture:
    past = _past({coverage.device_id for coverage in coverages})
    picture = _drawn(coverages, until, _due_day)
    owed = [one for one in picture.due if one.due_on > past.last_day(one.meter.pk)]
    return Picture(owed, picture.nowhere)


def left_out(campaign: Campaign) -> Sequence[Due]:
    """What is due up to the campaign's day and asked by no campaign: a pilot's rest, and late comers."""
    if campaign.kind != Kind.PERIODIC:
        return []
    asked = DueReading.objects.filter(campaign=campaign, meter__device=OuterRef("device"))
    coverages = _coverages(None, ~Q(Exists(asked)))
    return _picture(coverages, campaign.due_until).due


def strangers(only: Collection[str]) -> list[str]:
    """What names neither a customer nor a device, in the order given."""
    codes = set(Customer.objects.filter(code__in=only).values_list("code", flat=True))
    serials = set(Device.objects.filter(serial__in=only).values_list("serial", flat=True))
    return [name for name in only if name not in codes | serials]


def picture_of_then(until: date) -> Picture:
    """Draw what was due on a past day: per contract its latest due day, whatever was billed since.

    The days of a contract count backwards too, as an import knows only its next one; an end counts
    in the period in which it fell.
    """
    return _drawn(_coverages(None), until, _due_day_then)


type _DueDay = Callable[[Coverage, Sequence[Installation], date], tuple[date, bool] | None]


def _drawn(coverages: Sequence[Coverage], until: date, due_day: _DueDay) -> Picture:
    devices = {coverage.device_id for coverage in coverages}
    meters, installations = _meters(devices), _installations(devices)
    due: list[Due] = []
    nowhere: list[Device] = []
    for coverage in coverages:
        stays = installations.get(coverage.device_id, [])
        day = due_day(coverage, stays, until)
        if day is None:
            continue
        place = _place(stays, *day)
        if place is None:
            nowhere.append(coverage.device)
            continue
        due += [
            Due(meter, day[0], coverage, place, final=day[1])
            for meter in meters.get(coverage.device_id, [])
        ]
    return Picture(due, nowhere)


def _coverages(only: Collection[str] | None, *those: Q) -> list[Coverage]:
    rows = Coverage.objects.filter(*those, contract__first_due_on__isnull=False)
    rows = rows.exclude(device__mode=Device.Mode.NONE)
    if only is not None:
        rows = rows.filter(Q(contract__customer__code__in=only) | Q(device__serial__in=only))
    rows = rows.select_related("contract__customer", "device__model")
    return list(rows.order_by("contract__customer__code", "device__serial", "since"))


def _meters(devices: Collection[int]) -> dict[int, list[Meter]]:
    found: dict[int, list[Meter]] = defaultdict(list)
    rows = Meter.objects.filter(device__in=devices, billed=True).select_related("kind", "device")
    for meter in rows.order_by("device_id", "kind__position", "kind__code"):
        found[meter.device_id].append(meter)
    return found


def _installations(devices: Collection[int]) -> dict[int, list[Installation]]:
    found: dict[int, list[Installation]] = defaultdict(list)
    rows = Installation.objects.filter(device__in=devices).select_related("site__customer")
    for stay in rows.order_by("device_id", "since"):
        found[stay.device_id].append(stay)
    return found


def _past(devices: Collection[int]) -> _Past:
    asked = DueReading.objects.filter(kind=Kind.PERIODIC, meter__device__in=devices)
    billed = Billed.objects.filter(meter__device__in=devices)
    return _Past(
        dict(asked.values_list("meter").annotate(last=Max("due_on")).order_by()),
        dict(billed.values_list("meter").annotate(last=Max("taken_on")).order_by()),
    )


def _due_day(
    coverage: Coverage, stays: Sequence[Installation], until: date
) -> tuple[date, bool] | None:
    """The day this coverage owes a reading, and whether it is its last."""
    end = _end(coverage, stays)
    if end is not None and end <= until:
        return end, True
    contract = coverage.contract
    assert contract.first_due_on is not None
    day = schedule.latest_due(contract.first_due_on, contract.months, until=until)
    return (day, False) if day and day > _begin(coverage) else None


def _due_day_then(
    coverage: Coverage, stays: Sequence[Installation], until: date
) -> tuple[date, bool] | None:
    contract = coverage.contract
    assert contract.first_due_on is not None
    day = schedule.grid_day(contract.first_due_on, contract.months, until=until)
    before = period_begin(coverage, day)
    end = _end(coverage, stays)
    if end is not None and end <= until:
        return (end, True) if end > before else None
    return (day, False) if day > _begin(coverage) else None


def period_begin(coverage: Coverage, day: date) -> date:
    """The contract's last due day before a day, had it always run."""
    contract = coverage.contract
    assert contract.first_due_on is not None
    eve = day - timedelta(days=1)
    return schedule.grid_day(contract.first_due_on, contract.months, until=eve)


def _begin(coverage: Coverage) -> date:
    return max(coverage.since or date.min, coverage.contract.since or date.min)


def _end(coverage: Coverage, stays: Sequence[Installation]) -> date | None:
    """The day the contract, the coverage or the customer's last stay of the device ends."""
    mine = [stay for stay in stays if stay.site.customer_id == coverage.contract.customer_id]
    gone = mine[-1].until if mine and _still(mine) is None else None
    return min(filter(None, (coverage.until, coverage.contract.until, gone)), default=None)


def _still(stays: Sequence[Installation]) -> Installation | None:
    return next((stay for stay in stays if stay.until is None), None)


def _place(stays: Sequence[Installation], day: date, final: bool) -> Installation | None:
    """Where the device stood that day; on the day it moves, a last reading belongs to the old place."""
    held = [
        stay
        for stay in stays
        if (stay.since is None or stay.since <= day) and (stay.until is None or stay.until >= day)
    ]
    if not held:
        return None
    return held[0] if final else held[-1]
