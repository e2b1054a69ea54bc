"""What a person says a device showed, and what is known of its meters.

Nothing is refused: `examining` finds what a value asks, `recording` writes it as soon as the answer comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from releveur.fleet.models import Meter
from releveur.kept import AnyGiven, Kept
from releveur.readings.models import Billed, Finding, Proof, Reading, by_meter
from releveur.rules import metering

type DateFault = Literal[
    "IN_THE_FUTURE",
    "BEFORE_THE_LAST_READING",
    "ALREADY_INVOICED",
    "BEFORE_ITS_INSTALLATION",
    "AFTER_IT_LEFT",
]


@dataclass(frozen=True, slots=True)
class Declared:
    """The values one device showed on one day, per meter, and the answers given with them.

    `seen` names the readings the form showed; `kept` the meters it only sent back. `mend` are the proposals that were taken, `keep` the questions answered with « as
    typed », both as `mending` names them. `ended` and `began`: what a replaced counter showed last, and
    what the new one showed first, where somebody knows.
    """

    device: int
    taken_on: date
    values: Mapping[int, int]
    confirmed: bool = False
    reason: Finding.Answer | None = None
    proof: Proof | None = None
    seen: Mapping[int, int | None] | None = None
    kept: frozenset[int] = frozenset()
    mend: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()
    ended: Mapping[int, int] = field(default_factory=dict)
    began: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """One meter and its past: standing readings oldest first, indexes billed, expected pages a month."""

    history: list[metering.Reading] = field(default_factory=list)
    billed: list[metering.Reading] = field(default_factory=list)
    monthly_volume: int | None = None
    digits: int | None = None
    meter: Meter | None = None

    @property
    def segment(self) -> int:
        return self.history[-1].segment if self.history else 1

    @property
    def own(self) -> Meter:
        """The meter itself: of a row, or of a device that was looked up."""
        assert self.meter is not None, "facts of rows and devices know their meter"
        return self.meter

    def full(self, *, inferred: bool) -> int | None:
        """What the display comes to when it goes back to zero, 10^digits; None if nobody knows.

        :param inferred: where nobody counted the digits, as many as the last value has are plausible
        """
        last = metering.last_real(self.history)
        counted = self.digits
        if counted is None and inferred and last:
            counted = len(str(last.value))
        return None if counted is None else int(10**counted)


def facts(meters: Iterable[Meter], *, setting_aside: Iterable[int] = ()) -> dict[int, Facts]:
    """Read the past of many meters in two queries.

    :param setting_aside: primary keys of readings that the new values are about to replace
    """
    by_id = {meter.pk: meter for meter in meters}
    those = [*by_id]
    histories = by_meter(_STANDING.ask(meters=those, aside=[*setting_aside]))
    billed = by_meter(_BILLED.ask(meters=those), in_order=True)
    return {
        pk: Facts(
            histories.get(pk, []), billed.get(pk, []), meter.monthly_volume, meter.digits, meter
        )
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
