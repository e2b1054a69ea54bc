"""How good our checks are here: what was typed in a signed campaign, checked once more by the rules of today.

What was typed was wrong when another value stands in its place now: mended, declared again or replaced
by an accepted late one; and something had happened where its counter began anew. Nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import batched, groupby
from operator import attrgetter

from releveur.campaigns.models import Campaign, ReceiptLine
from releveur.fleet.models import Meter
from releveur.readings import examining, submission
from releveur.readings.examining import House
from releveur.readings.models import Finding, Reading
from releveur.readings.submission import Declared, Facts
from releveur.rules.findings import Code, Demand
from releveur.rules.learning import Lessons

RECEIPTS = 200
"""Forms whose past is read at once."""


@dataclass(slots=True)
class Rechecked:
    """Values that were typed: `asked` about, of those `right` to be asked, and wrong ones `missed`.

    `by_code`: per finding, how often it asked and how often rightly. `devices`: declarations of a device.
    """

    devices: int = 0
    values: int = 0
    asked: int = 0
    right: int = 0
    missed: int = 0
    by_code: dict[Code, tuple[int, int]] = field(default_factory=dict)

    def lessons(self) -> Lessons:
        """What these declarations teach the priors."""
        return Lessons(
            self.devices, {code: right for code, (_asked, right) in self.by_code.items()}
        )


def recheck(campaign: Campaign) -> Rechecked:
    """Check every value that people typed in a campaign, each form by what was known before it."""
    found = Rechecked()
    house = House.here()
    for forms in batched(_forms(campaign), RECEIPTS):
        lines = [line for form in forms for line in form]
        typed, stands = _typed(lines), _stands(lines)
        known = submission.facts({line.reading.meter_id: _meter(line) for line in lines}.values())
        for form in forms:
            _count(found, form, known=known, typed=typed, stands=stands, house=house)
    return found


def _forms(campaign: Campaign) -> Iterator[list[ReceiptLine]]:
    lines = ReceiptLine.objects.filter(due_reading__campaign=campaign)
    lines = lines.exclude(reading__source=Reading.Source.SYSTEM).select_related(
        "reading", "due_reading__meter__kind", "due_reading__meter__device__model"
    )
    every = lines.order_by("receipt_id", "pk").iterator(RECEIPTS)
    for _receipt, form in groupby(every, key=attrgetter("receipt_id")):
        yield [*form]


def _meter(line: ReceiptLine) -> Meter:
    return line.due_reading.meter


def _typed(lines: Iterable[ReceiptLine]) -> dict[int, int]:
    """What was typed before a proposal was taken, by reading."""
    mended = Finding.objects.filter(
        reading__in=[line.reading_id for line in lines], answer=Finding.Answer.MENDED
    ).order_by("-pk")
    return {
        one.reading_id: int(one.numbers["typed"][str(one.reading.meter_id)])
        for one in mended.select_related("reading")
        if str(one.reading.meter_id) in one.numbers.get("typed", {})
    }


def _stands(lines: Iterable[ReceiptLine]) -> dict[int, int | None]:
    """The value that stands today in the place of each reading; None where it was withdrawn."""
    ids = [line.reading_id for line in lines]
    meters = [line.reading.meter_id for line in lines]
    later = Reading.objects.filter(meter__in=meters, supersedes__isnull=False)
    after = {one.supersedes_id: one for one in later}
    gone = set(
        Reading.objects.filter(meter__in=meters, withdrawal__isnull=False).values_list(
            "pk", flat=True
        )
    )
    last = {}
    for line in lines:
        reading = line.reading
        while reading.pk in after:
            reading = after[reading.pk]
        last[line.reading_id] = None if reading.pk in gone else reading.value
    return {pk: last[pk] for pk in ids}


def _count(
    found: Rechecked, form: Sequence[ReceiptLine], *, known: Mapping[int, Facts],
    typed: Mapping[int, int], stands: Mapping[int, int | None], house: House,
) -> None:  # fmt: skip
    by_device: dict[int, list[ReceiptLine]] = defaultdict(list)
    for line in form:
        by_device[_meter(line).device_id].append(line)
    before = {line.reading.meter_id: _before(known[line.reading.meter_id], line) for line in form}
    declared = [
        Declared(
            device,
            lines[0].reading.taken_on,
            {one.reading.meter_id: typed.get(one.reading_id, one.reading.value) for one in lines},
        )
        for device, lines in by_device.items()
    ]
    for one in examining.examine(declared, before, house=house):
        lines = by_device[one.declared.device]
        wrong = {
            line.reading.meter_id
            for line in lines
            if one.declared.values[line.reading.meter_id] != stands[line.reading_id]
            or line.reading.segment > before[line.reading.meter_id].segment
        }
        asks = {
            heard.finding.code: _about(heard.finding.key, one.declared.values)
            for heard in one.heard
            if heard.finding.demand in (Demand.CONFIRM, Demand.PROOF)
        }
        _add(found, one.declared, asks, wrong)


def _about(key: str, values: Mapping[int, int]) -> set[int]:
    return {int(key)} if key else set(values)


def _add(found: Rechecked, one: Declared, asks: Mapping[Code, set[int]], wrong: set[int]) -> None:
    asked = {meter for meters in asks.values() for meter in meters}
    found.devices += 1
    found.values += len(one.values)
    found.asked += bool(asked)
    found.right += bool(asked & wrong)
    found.missed += len(wrong - asked)
    for code, meters in asks.items():
        times, right = found.by_code.get(code, (0, 0))
        found.by_code[code] = times + 1, right + bool(meters & wrong)


def _before(known: Facts, line: ReceiptLine) -> Facts:
    """The past as it was before this form."""
    day = line.reading.taken_on
    history = [one for one in known.history if one.taken_on < day]
    billed = [one for one in known.billed if one.taken_on < day]
    return replace(known, history=history, billed=billed)
