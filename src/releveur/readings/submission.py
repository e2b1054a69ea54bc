"""What a person says a device showed: examined against its past, then recorded.

Nothing is refused here: a value that raises a question waits for its answer, and is recorded as soon
as the answer comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from releveur.accounts.models import User
from releveur.customers.models import Contact
from releveur.fleet.models import Meter
from releveur.kept import AnyGiven, Kept
from releveur.readings.models import Billed, Finding, Proof, Reading, by_meter
from releveur.rules import metering, validation
from releveur.rules.estimation import expected_volume
from releveur.rules.usual import usual_volume
from releveur.rules.validation import Code, Demand

type DateFault = Literal[
    "IN_THE_FUTURE",
    "BEFORE_THE_LAST_READING",
    "ALREADY_INVOICED",
    "BEFORE_ITS_INSTALLATION",
    "AFTER_IT_LEFT",
]


class DigitsUnknown(Exception):
    """A rollover needs the digits of the display."""

    def __init__(self, meter: Meter) -> None:
        super().__init__(meter)
        self.meter = meter.kind.label


class TooFewDigits(Exception):
    """The display has shown more than its digits hold."""

    def __init__(self, digits: int, last: int) -> None:
        super().__init__(digits, last)
        self.digits = digits
        self.last = last


@dataclass(frozen=True, slots=True)
class Declared:
    """The values one device showed on one day, per meter, and the answers given with them.

    `seen` names the readings the form showed; `kept` the meters it only sent back.
    """

    device: int
    taken_on: date
    values: Mapping[int, int]
    confirmed: bool = False
    reason: Finding.Answer | None = None
    proof: Proof | None = None
    seen: Mapping[int, int | None] | None = None
    kept: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """One meter and its past: standing readings oldest first, indexes billed, expected pages a month."""

    history: list[metering.Reading] = field(default_factory=list)
    billed: list[metering.Reading] = field(default_factory=list)
    monthly_volume: int | None = None
    digits: int | None = None

    @property
    def segment(self) -> int:
        return self.history[-1].segment if self.history else 1


@dataclass(frozen=True, slots=True)
class Examined:
    """One device's declaration beside what the check found and the readings it would replace."""

    declared: Declared
    facts: Mapping[int, Facts]
    findings: tuple[validation.Finding, ...]
    replaces: Mapping[int, Reading] = field(default_factory=dict)
    occasion: Reading.Occasion = Reading.Occasion.PERIODIC

    @property
    def unmet(self) -> tuple[validation.Finding, ...]:
        """The findings that still ask for something."""
        return tuple(finding for finding in self.findings if not _met(finding, self.declared))


def facts(meters: Iterable[Meter], *, setting_aside: Iterable[int] = ()) -> dict[int, Facts]:
    """Read the past of many meters in two queries.

    :param setting_aside: primary keys of readings that the new values are about to replace
    """
    by_id = {meter.pk: meter for meter in meters}
    those = [*by_id]
    histories = by_meter(_STANDING.ask(meters=those, aside=[*setting_aside]))
    billed = by_meter(_BILLED.ask(meters=those), in_order=True)
    return {
        pk: Facts(histories.get(pk, []), billed.get(pk, []), meter.monthly_volume, meter.digits)
        for pk, meter in by_id.items()
    }


_OF_METERS = {"meter": AnyGiven("meters")}
_STANDING = Kept(
    lambda: Reading.objects.standing().filter(**_OF_METERS).exclude(pk=AnyGiven("aside")).lines()
)
_BILLED = Kept(lambda: Billed.objects.filter(**_OF_METERS).lines())


def date_fault(
    declared: Declared,
    known: Mapping[int, Facts],
    *,
    today: date,
    since: date | None = None,
    until: date | None = None,
    invoiced: bool = True,
) -> DateFault | None:
    """Say what is wrong with the day, if anything: it is never the value's fault.

    :param today: the day it is where the device stands
    :param since: the day the device was installed there
    :param until: the day it left; what it showed that day is its last value there
    :param invoiced: whether a day invoiced already is a fault; not for a correction of that invoice
    """
    facts = [known[meter] for meter in declared.values]
    if declared.taken_on > today:
        return "IN_THE_FUTURE"
    if since and declared.taken_on < since:
        return "BEFORE_ITS_INSTALLATION"
    if until and declared.taken_on > until:
        return "AFTER_IT_LEFT"
    last = [metering.last_real(one.history) for one in facts]
    if any(reading and declared.taken_on < reading.taken_on for reading in last):
        return "BEFORE_THE_LAST_READING"
    if invoiced and any(
        one.billed and declared.taken_on <= one.billed[-1].taken_on for one in facts
    ):
        return "ALREADY_INVOICED"
    return None


def examine(
    declared: Declared,
    known: Mapping[int, Facts],
    *,
    limits: validation.Limits,
    replaces: Mapping[int, Reading] | None = None,
) -> Examined:
    """Confront one device's values with its past; `known` holds each declared meter."""
    seen = [
        _seen(meter, value, declared.taken_on, known[meter])
        for meter, value in declared.values.items()
    ]
    return Examined(declared, known, validation.check(seen, limits=limits), replaces or {})


def submit(
    examined: Sequence[Examined],
    *,
    by: Contact | User | None,
    source: Reading.Source,
    now: datetime,
    proposed: bool = False,
) -> dict[int, Reading]:
    """Record what was declared, with its findings and the answers given; one reading per meter.

    A value replaced by its author or a colleague is superseded, never changed. For the meters that
    went down « Compteur remplacé » opens the next segment at 0; a rollover ends this one with
    10^digits before.

    :raises DigitsUnknown: a meter rolled over whose digits nobody wrote down
    :raises TooFewDigits: a meter rolled over that had shown more
    """
    person = {
        "by_contact": by if isinstance(by, Contact) else None,
        "by_user": by if isinstance(by, User) else None,
    }
    fresh: dict[int, Reading] = {}
    opening: list[Reading] = []
    for one in examined:
        for meter, value in one.declared.values.items():
            reading = Reading(
                meter_id=meter, segment=_segment(one, meter), taken_on=one.declared.taken_on,
                recorded_at=now, value=value, source=source, proposed=proposed,
                supersedes=one.replaces.get(meter), proof=_proof(one, meter),
                occasion=one.occasion, **person,
            )  # fmt: skip
            fresh[meter] = reading
            if reading.segment > one.facts[meter].segment:
                opening += _bounds_of_segments(reading, one)
    if fresh:
        Reading.objects.bulk_create([*opening, *fresh.values()])
    if findings := _findings(examined, fresh):
        Finding.objects.bulk_create(findings)
    return fresh


def _seen(meter: int, value: int, taken_on: date, known: Facts) -> validation.Seen:
    last = metering.last_real(known.history, until=taken_on)
    return validation.Seen(
        key=str(meter),
        new=metering.Reading(taken_on, value, segment=known.segment),
        last_real=last,
        last_billed=known.billed[-1] if known.billed else None,
        expected=_expected(known, since=last.taken_on, until=taken_on) if last else None,
        usual=usual(known, until=taken_on),
    )


def usual(known: Facts, *, until: date) -> tuple[int, int] | None:
    """What the meter usually prints from its last real reading to a day; None when nobody knows."""
    last = metering.last_real(known.history, until=until)
    if last is None or last.taken_on >= until:
        return None
    span = {"since": last.taken_on, "until": until}
    return usual_volume(known.history, **span, expected=_expected(known, **span))


def _expected(known: Facts, *, since: date, until: date) -> int | None:
    return expected_volume(
        known.history, since=since, until=until, monthly_volume=known.monthly_volume
    )


def _met(finding: validation.Finding, declared: Declared) -> bool:
    match finding.demand:
        case Demand.CONFIRM:
            return declared.confirmed
        case Demand.PROOF:
            return declared.proof is not None
        case _:
            return True


def _went_down(one: Examined, meter: int) -> bool:
    return any(
        finding.code is Code.LOWER_THAN_LAST and finding.key == str(meter)
        for finding in one.findings
    )


NEXT_SEGMENT = (Finding.Answer.METER_REPLACED, Finding.Answer.ROLLED_OVER)
"""The reasons for a lower value that open the next segment."""


def _segment(one: Examined, meter: int) -> int:
    opens = one.declared.reason in NEXT_SEGMENT and _went_down(one, meter)
    return one.facts[meter].segment + opens


def _proof(one: Examined, meter: int) -> Proof | None:
    asked = any(f.demand is Demand.PROOF and f.key == str(meter) for f in one.findings)
    return one.declared.proof if asked else None


def _bounds_of_segments(first: Reading, one: Examined) -> list[Reading]:
    """Where the segment before ended, if that is known, and where this one began: at 0.

    Of a new register nobody knows when; its pages count from the last real reading. One that rolled
    over printed all the while: both bounds stand on the day of the new value, so that the line to it
    is straight.
    """
    known = one.facts[first.meter_id]
    last = metering.last_real(known.history)
    assert last is not None, "only a value below a real one opens a segment"
    if one.declared.reason is not Finding.Answer.ROLLED_OVER:
        return [_bound(first, first.segment, last.taken_on, 0)]
    if known.digits is None:
        raise DigitsUnknown(Meter.objects.select_related("kind").get(pk=first.meter_id))
    full = 10**known.digits
    if last.value >= full:
        raise TooFewDigits(known.digits, last.value)
    before = _bound(first, known.segment, first.taken_on, full)
    return [before, _bound(first, first.segment, first.taken_on, 0)]


def _bound(first: Reading, segment: int, on: date, value: int) -> Reading:
    return Reading(
        meter_id=first.meter_id, segment=segment, value=value, recorded_at=first.recorded_at,
        taken_on=on, occasion=Reading.Occasion.NEW_METER, source=first.source,
        proposed=first.proposed, by_contact=first.by_contact, by_user=first.by_user,
    )  # fmt: skip


def _findings(examined: Sequence[Examined], fresh: Mapping[int, Reading]) -> list[Finding]:
    rows = []
    for one in examined:
        for found in one.findings:
            meters = [int(found.key)] if found.key else list(one.declared.values)
            rows += [
                Finding(
                    reading=fresh[meter], code=found.code, demand=found.demand,
                    answer=_answer(found, one.declared),
                    numbers={"over": found.over, "low": found.low, "high": found.high},
                )
                for meter in meters
            ]  # fmt: skip
    return rows


def _answer(found: validation.Finding, declared: Declared) -> Finding.Answer:
    match found.demand:
        case Demand.CONFIRM:
            return Finding.Answer.CONFIRMED
        case Demand.PROOF:
            return declared.reason or Finding.Answer.OTHER
        case _:
            return Finding.Answer.NOTHING
