"""Our lines of a period beside those of the ERP's invoices: what differs, and why.

Ours are the basis of a campaign, signed or not, or a past period computed again (`replaying`).
Nothing is written, nobody is written to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Q, QuerySet

from releveur.campaigns import basis, basis_file, replaying
from releveur.campaigns.basis_cells import Printed
from releveur.campaigns.models import Campaign, Kind
from releveur.contracts.models import Contract, Coverage
from releveur.fleet.models import Device, Meter
from releveur.importing.invoiced import Invoiced
from releveur.readings.models import Billed, Reading
from releveur.rules import comparison
from releveur.rules.comparison import Code, Compared, Index, Key, Known, Line, Verdict


class StillToCome(Exception):
    """The day has not come: nothing was invoiced of it."""


@dataclass(frozen=True)
class Comparison:
    """All lines compared; `printed` holds ours as the basis prints them, `labels` what meters are called.

    `campaign` or `known_until` says where ours come from.
    """

    due_until: date
    campaign: Campaign | None
    known_until: date | None
    compared: Sequence[Compared]
    printed: Mapping[Key, Printed]
    labels: Mapping[Key, str]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Equal, explained and unexplained make up all; lines of one side only are among them."""
        verdicts = Counter(one.verdict for one in self.compared)
        return {
            "all": len(self.compared),
            **{verdict.value.lower(): verdicts[verdict] for verdict in Verdict},
            "only_ours": sum(not one.theirs for one in self.compared),
            "only_theirs": sum(one.ours is None for one in self.compared),
        }

    @cached_property
    def impressions(self) -> dict[str, int]:
        ours = sum(one.ours.quantity for one in self.compared if one.ours)
        theirs = sum(line.quantity for one in self.compared for line in one.theirs)
        return {"ours": ours, "theirs": theirs, "difference": ours - theirs}

    @cached_property
    def causes(self) -> dict[Code, tuple[int, int]]:
        """Per cause, how many parts of differences and how many impressions; they add up to all."""
        found: dict[Code, tuple[int, int]] = {}
        for one in self.compared:
            for part in one.parts:
                count, impressions = found.get(part.code, (0, 0))
                found[part.code] = (count + 1, impressions + part.impressions)
        return {code: found[code] for code in Code if code in found}

    @cached_property
    def differences(self) -> list[Compared]:
        """What somebody has to look at first, the largest before the others."""
        differing = [one for one in self.compared if one.verdict is not Verdict.EQUAL]
        return sorted(
            differing,
            key=lambda one: (one.verdict is Verdict.EXPLAINED, -abs(one.difference), one.key),
        )


def compare_campaign(campaign: Campaign, theirs: Sequence[Invoiced]) -> Comparison:
    """Compare the basis of a campaign, as signed or as it would be signed now."""
    empty = campaign.due_readings.filter(kind=Kind.PERIODIC, reading=None)
    printed = basis_file.lines(campaign)
    blocked = set(empty.values_list("meter_id", flat=True))
    compared = _compare(printed, theirs, on=campaign.due_until, blocked=blocked)
    return Comparison(campaign.due_until, campaign, None, *compared)


def compare_period(
    due_until: date, theirs: Sequence[Invoiced], *, known_until: date | None = None, today: date
) -> Comparison:
    """Compare a past due date, computed again from the readings that are here.

    :param known_until: the last day whose readings count; else the deadline of that campaign
    :raises StillToCome: the day is not over
    """
    if due_until >= today:
        raise StillToCome(due_until)
    known = min(known_until or replaying.deadline(due_until), today)
    replay = replaying.replay(due_until, known_until=known)
    printed = [basis.printed(line) for line in replay.lines]
    compared = _compare(printed, theirs, on=due_until, blocked=replay.blocked)
    return Comparison(due_until, None, known, *compared)


def _compare(
    printed: Sequence[Printed],
    invoiced: Sequence[Invoiced],
    *,
    on: date,
    blocked: Collection[int],
) -> tuple[list[Compared], Mapping[Key, Printed], Mapping[Key, str]]:
    as_a_whole = {one.contract for one in invoiced if not one.line.key[0]}
    serials = _by_contract(as_a_whole, on=on)
    with_serials = {one.contract for one in invoiced if one.line.key[0]}
    pools = as_a_whole - with_serials - serials.keys()
    ours = [_ours(one, pools) for one in printed]
    theirs = [(_placed(one, serials), one.label) for one in invoiced]
    keys = {line.key for line in ours} | {line.key for line, _label in theirs}
    known = _known(keys, on=on, blocked=blocked)
    compared = comparison.compare(ours, (line for line, _label in theirs), known)
    by_key = {line.key: one for line, one in zip(ours, printed, strict=True)}
    labels = {line.key: label for line, label in theirs}
    labels |= {key: str(one["meter"]) for key, one in by_key.items()}
    return compared, by_key, labels


def _ours(printed: Printed, pools: Collection[str]) -> Line:
    """Where the file invoices a contract as a whole, only the sum of its devices can be compared."""
    if printed["contract"] in pools:
        return Line(
            (str(printed["contract"]), str(printed["meter_code"])), int(printed["net"] or 0)
        )
    key = (str(printed["serial"]), str(printed["meter_code"]))
    return Line(key, int(printed["net"] or 0), _index(printed, "previous"), _index(printed, "new"))


def _index(printed: Printed, end: str) -> Index | None:
    value, on = printed[f"{end}_value"], printed[f"{end}_on"]
    if value is None:
        return None
    real = printed[f"{end}_nature"] != basis.NATURES["ESTIMATED"]
    return Index(int(value), date.fromisoformat(str(on)), real)


def _by_contract(numbers: Collection[str], *, on: date) -> dict[str, str]:
    """The serial number of each contract that covered one device that day, and one only."""
    devices: dict[str, set[str]] = defaultdict(set)
    rows = _covering(on).filter(contract__number__in=numbers)
    for number, serial in rows.values_list("contract__number", "device__serial"):
        devices[number].add(serial)
    return {number: min(found) for number, found in devices.items() if len(found) == 1}


def _placed(one: Invoiced, serials: Mapping[str, str]) -> Line:
    serial, meter = one.line.key
    if serial:
        return one.line
    key = (serials.get(one.contract, one.contract), meter)
    return Line(key, one.line.quantity, one.line.previous, one.line.new, one.line.number)


def _covering(on: date) -> QuerySet[Coverage]:
    begun = Q(since=None) | Q(since__lt=on), Q(contract__since=None) | Q(contract__since__lt=on)
    lasting = Q(until=None) | Q(until__gte=on), Q(contract__until=None) | Q(contract__until__gte=on)
    return Coverage.objects.filter(*begun, *lasting)


def _known(keys: Iterable[Key], *, on: date, blocked: Collection[int]) -> dict[Key, Known]:
    """What stands here of each meter, in a fixed number of queries."""
    wanted = set(keys)
    serials = {serial for serial, _meter in wanted}
    meters = {
        (one.device.serial, one.kind.code): one
        for one in Meter.objects.filter(device__serial__in=serials).select_related("device", "kind")
    }
    ids = {meter.pk for key, meter in meters.items() if key in wanted}
    readings = Reading.objects.standing().real().filter(meter__in=ids).histories()
    billed = Billed.objects.filter(meter__in=ids, origin=Billed.Origin.ERP).histories()
    here = _here(serials, on=on, blocked=blocked)
    found = {}
    for key in wanted:
        meter = meters.get(key)
        pk = meter.pk if meter else 0
        found[key] = Known(readings.get(pk, ()), billed.get(pk, ()), _absent(key[0], meter, here))
    return found


@dataclass(frozen=True, slots=True)
class _Here:
    """What is here of the serial and contract numbers of a file."""

    devices: Collection[str]
    contracts: Collection[str]
    covered: Collection[str]
    blocked: Collection[int]


def _here(serials: Collection[str], *, on: date, blocked: Collection[int]) -> _Here:
    devices = Device.objects.filter(serial__in=serials)
    contracts = Contract.objects.filter(number__in=serials)
    covered = _covering(on).filter(device__serial__in=serials)
    return _Here(
        set(devices.values_list("serial", flat=True)),
        set(contracts.values_list("number", flat=True)),
        set(covered.values_list("device__serial", flat=True)),
        blocked,
    )


def _absent(serial: str, meter: Meter | None, here: _Here) -> Code:
    """Why we bill nothing for a meter that the file has."""
    if serial not in here.devices:
        return Code.CONTRACT_UNCLEAR if serial in here.contracts else Code.SERIAL_UNKNOWN
    if meter is None:
        return Code.METER_UNKNOWN
    if meter.pk in here.blocked:
        return Code.NO_ESTIMATE_ALLOWED
    if not meter.billed:
        return Code.METER_NOT_BILLED
    return Code.NOT_DUE if serial in here.covered else Code.NOT_COVERED
