"""What was printed and is not invoiced yet, per contract and meter, on any day (« factures à établir »).

From the last index invoiced by that day to the day itself, or to the end of the contract before it: as
read, where it was read that very day; else estimated as a close would, from what was read up to it. What a
campaign billed and somebody signed only later was not invoiced yet. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import batched, starmap
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Least

from releveur.among import Among
from releveur.campaigns import basis, regularising
from releveur.campaigns.models import DueReading, Kind
from releveur.contracts.models import Coverage
from releveur.fleet.models import Device, Installation
from releveur.readings import estimating
from releveur.readings.estimating import ModelRates, Unread
from releveur.readings.models import Billed, BilledQuerySet, Reading
from releveur.readings.submission import Facts
from releveur.rules import metering
from releveur.rules.metering import Weights
from releveur.rules.schedule import PARIS

CHUNK = 5_000
AHEAD = timedelta(days=366)


class TooFarAhead(Exception):
    """An estimate of more than a year from today says nothing."""


class Place(NamedTuple):
    """One meter under one contract, as the database tells it."""

    contract: str
    payer_code: str
    payer_name: str
    contracted_code: str
    contracted_name: str
    serial: str
    fleet_number: str
    label: str
    code: str
    contract_id: int
    meter: int
    model: int
    kind: int
    monthly_volume: int | None
    until: date | None
    gone_on: date | None
    before: date | None
    """When an earlier contract of the device ended."""

    def end(self, on: date) -> date:
        """The last day that counts, `on` at the latest."""
        return min(filter(None, (on, self.until, self.gone_on)))


@dataclass(frozen=True, slots=True)
class Accrual:
    """Impressions of one meter to be invoiced under one contract, with what they rest on."""

    place: Place
    since: metering.Reading | None
    reached: metering.Reading
    net: int
    of_this_period: int
    regularisation: int
    how: str
    """In French, of an estimate; empty where it was read."""


def accruals(on: date, *, now: datetime) -> Iterator[Accrual]:
    """What is to be invoiced up to a day, contract after contract, many meters at a time.

    :raises TooFarAhead: the day is more than a year ahead
    """
    if on > now.astimezone(PARIS).date() + AHEAD:
        raise TooFarAhead
    return _accruals(on, now=now)


def _accruals(on: date, *, now: datetime) -> Iterator[Accrual]:
    rates, weights = ModelRates(until=on), regularising.policy().weights
    for chunk in batched(_places(on).iterator(CHUNK), CHUNK):
        yield from _of_a_chunk(list(starmap(Place, chunk)), on, rates, weights, now)


def _places(on: date) -> QuerySet[Coverage, tuple[object, ...]]:
    """Every billed meter under contract by that day, in the order of contracts."""
    stays = Installation.objects.filter(
        device=OuterRef("device"), site__customer=OuterRef("contract__customer")
    ).order_by(F("until").desc(nulls_first=True))
    earlier = Coverage.objects.filter(
        device=OuterRef("device"), until__lte=OuterRef("since")
    ).order_by("-until")
    began = Q(since=None) | Q(since__lte=on)
    running = Q(contract__since=None) | Q(contract__since__lte=on)
    rows = Coverage.objects.filter(
        began, running, contract__first_due_on__isnull=False, device__meters__billed=True
    ).exclude(device__mode=Device.Mode.NONE)
    return rows.order_by(
        "contract__customer__code", "contract__number", "contract_id", "device__serial",
        "device__meters__kind__position", "device__meters__kind__code", "pk",
    ).values_list(
        "contract__number", "contract__payer_code", "contract__payer_name",
        "contract__customer__code", "contract__customer__name",
        "device__serial", "device__fleet_number", "device__meters__kind__label_fr",
        "device__meters__kind__code", "contract_id", "device__meters__pk", "device__model_id",
        "device__meters__kind_id", "device__meters__monthly_volume",
        Least("until", "contract__until"), Subquery(stays.values("until")[:1]),
        Subquery(earlier.annotate(end=Least("until", "contract__until")).values("end")[:1]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Owed:
    """A meter whose last billed day is over, with its past up to the day."""

    place: Place
    end: date
    known: Facts
    installed: metering.Reading | None

    @property
    def began_elsewhere(self) -> date | None:
        """The day an earlier contract ended, where that is not invoiced either."""
        before = self.place.before
        if before is None or before >= self.end:
            return None
        billed = self.known.billed
        return None if billed and billed[-1].taken_on >= before else before


def _of_a_chunk(
    places: Sequence[Place], on: date, rates: ModelRates, weights: Weights, now: datetime
) -> Iterator[Accrual]:
    owed = _owed(places, on)
    begun = {number: day for number, one in enumerate(owed) if (day := one.began_elsewhere)}
    days = [(one, one.end) for one in owed]
    days += [(owed[number], day) for number, day in begun.items()]
    reached = _reached(days, rates, now)
    starts = dict(zip(begun, reached[len(owed) :], strict=True))
    for number, (one, (value, how)) in enumerate(zip(owed, reached, strict=False)):
        start = starts.get(number)
        yield _accrual(one, value, how, start[0] if start else None, weights)


def _accrual(
    one: _Owed, value: metering.Reading, how: str, start: metering.Reading | None, weights: Weights
) -> Accrual:
    billed = [*one.known.billed, start] if start else one.known.billed
    settled = metering.settle(
        value,
        billed=billed,
        history=_until(one.known.history, one.end),
        installed=one.installed,
        weights=weights,
    )
    volumes = (settled.net, settled.of_this_period, settled.regularisation)
    return Accrual(one.place, settled.since, value, *volumes, how)


def _owed(places: Sequence[Place], on: date) -> list[_Owed]:
    meters = {place.meter for place in places}
    read = Reading.objects.standing().filter(Among("meter", meters), taken_on__lte=on)
    histories = read.histories()
    billed = _invoiced(on).filter(Among("meter", meters)).histories()
    installed = basis.installation_readings(meters)
    found = []
    for place in places:
        facts = Facts(
            histories.get(place.meter, []), billed.get(place.meter, []), place.monthly_volume
        )
        end = place.end(on)
        if not facts.billed or facts.billed[-1].taken_on < end:
            found.append(_Owed(place, end, facts, installed.get(place.meter)))
    return found


def _invoiced(on: date) -> BilledQuerySet:
    """The indexes invoiced by the end of a day; of a campaign, what was signed by then."""
    midnight = datetime.combine(on + timedelta(days=1), time(), PARIS)
    later = DueReading.objects.filter(
        kind=Kind.PERIODIC, reading=OuterRef("reading"), campaign__signed_at__gte=midnight
    )
    ours = Q(origin=Billed.Origin.RELEVEUR)
    return Billed.objects.filter(taken_on__lte=on).exclude(ours & Q(Exists(later)))


def _reached(
    days: Sequence[tuple[_Owed, date]], rates: ModelRates, now: datetime
) -> list[tuple[metering.Reading, str]]:
    """What each meter shows on its day, as read or as estimated, with the reason of an estimate."""
    found: dict[int, tuple[metering.Reading, str]] = {}
    unread: dict[int, Unread] = {}
    known: list[Facts] = []
    for number, (one, day) in enumerate(days):
        history = _until(one.known.history, day)
        last = metering.last_real(history)
        if last is not None and last.taken_on == day:
            found[number] = (last, "")
            continue
        place = one.place
        unread[number] = Unread(place.meter, day, (place.model, place.kind), place.monthly_volume)
        known.append(Facts(history, one.known.billed, place.monthly_volume))
    estimates = estimating.foresee([*unread.values()], rates=rates, known=known, now=now)
    for number, estimate in zip(unread, estimates, strict=True):
        words = (estimate.explanation or {})["words"]["fr"]
        found[number] = (basis.value_of(estimate), str(words))
    return [found[number] for number in range(len(days))]


def _until(history: Iterable[metering.Reading], day: date) -> list[metering.Reading]:
    return [one for one in history if one.taken_on <= day]
