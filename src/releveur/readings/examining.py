"""Everything that one person declares at once, confronted with its past: what is asked, and what was answered.

Devices are looked at together, since a row may have slipped to the next. The same person's other devices are
looked at only where something asks: whoever typed nothing surprising pays nothing for them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from releveur.dealer.models import Dealer
from releveur.fleet import registers
from releveur.fleet.registers import Registers
from releveur.readings import foreseeing, mending
from releveur.readings.foreseeing import Ahead, Expected
from releveur.readings.mending import Mended, Offer
from releveur.readings.models import Finding, Reading
from releveur.readings.submission import Declared, Facts
from releveur.rules import habits, metering, validation
from releveur.rules.validation import PRIORS, Code, Demand, Priors, Seen, Together

HAPPENED = (Code.LOWER_THAN_LAST, Code.RESET, Code.REPLACED)
"""What a reason is wanted for: something happened at the device."""

NEXT_SEGMENT = (Finding.Answer.METER_REPLACED, Finding.Answer.ROLLED_OVER)
"""The reasons for a lower value that open the next segment."""

MOST_PASSES = 4
"""Proposals made of the values of a proposal; then what asks is asked again."""

type Asked = Mapping[int, tuple[validation.Finding, ...]]
type Beside = Callable[[], Mapping[int, Facts]]
"""The meters of the same person's devices that wait in the same look and are not declared, when asked for."""

type Places = Mapping[int, int]
"""The place of each device on the sheet or in the spreadsheet."""


def nobody() -> Mapping[int, Facts]:
    """No other device."""
    return {}


@dataclass(frozen=True, slots=True)
class House:
    """The dealer's settings, and the devices beside."""

    limits: validation.Limits = field(default_factory=validation.Limits)
    priors: Priors = PRIORS
    beside: Beside = nobody
    places: Places = field(default_factory=dict)

    @classmethod
    def here(cls, beside: Beside = nobody, places: Places | None = None) -> House:
        """Of this installation."""
        dealer = Dealer.objects.here()
        limits = validation.Limits(photo_below_estimate=dealer.photo_below_estimate)
        priors = Priors.of(dealer.priors)
        return cls(limits, priors, beside, places or {})


@dataclass(frozen=True, slots=True)
class Heard:
    """A finding, what it proposes, and what was answered; no answer yet: it still asks."""

    finding: validation.Finding
    offer: Offer | None
    answer: Finding.Answer | None


@dataclass(frozen=True, slots=True)
class Examined:
    """One device's declaration beside what the check found and the readings it would replace.

    `mended`: the proposals that made its values, or that it said yes to.
    """

    declared: Declared
    facts: Mapping[int, Facts]
    heard: tuple[Heard, ...] = ()
    mended: tuple[Mended, ...] = ()
    replaces: Mapping[int, Reading] = field(default_factory=dict)
    occasion: Reading.Occasion = Reading.Occasion.PERIODIC

    @property
    def unmet(self) -> tuple[validation.Finding, ...]:
        """The findings that still ask for something."""
        return tuple(one.finding for one in self.heard if one.answer is None)

    @property
    def offers(self) -> tuple[Offer, ...]:
        """What may be taken or left with one click."""
        return tuple(one.offer for one in self.heard if one.answer is None and one.offer)

    def opens(self, meter: int) -> Finding.Answer | None:
        """Why the value of a meter opens its next segment, if it does."""
        reasons = (one.answer for one in self.heard if _speaks_of(one.finding, meter, self))
        return next((one for one in reasons if one in NEXT_SEGMENT), None)


def examine(
    declared: Sequence[Declared], known: Mapping[int, Facts], *, house: House
) -> list[Examined]:
    """Confront the values of many devices with their past, and with each other.

    Proposals that were taken stand in the place of what was typed: they may add a device, or leave one out.

    :param known: each declared meter, and each that a taken proposal names
    """
    after, asked, taken, wider = _mended(declared, known, house)
    keep = frozenset(name for one in declared for name in one.keep)
    typed = {meter: value for one in after for meter, value in one.values.items()}
    examined = []
    for one in after:
        mine = tuple(mended for mended in taken if one.device in mended.devices(wider))
        heard = [
            Heard(finding, offer, _answer(finding, one, offer, mine, keep, known))
            for finding in asked[one.device]
            for offer in [mending.offer(finding, one.device, typed, wider)]
        ]
        examined.append(Examined(one, known, (*heard, *_still_lower(one, known, heard)), mine))
    return examined


def _mended(
    declared: Sequence[Declared], known: Mapping[int, Facts], house: House
) -> tuple[Sequence[Declared], Asked, list[Mended], Mapping[int, Facts]]:
    """What is declared once every proposal taken stands: one may have been made of another's values."""
    taken: list[Mended] = []
    after = declared
    asked, wider = _asked(after, known, house)
    for _pass in range(MOST_PASSES):
        after, fresh = mending.mend(after, asked, known)
        fresh = [one for one in fresh if one not in taken]
        if not fresh:
            break
        taken += fresh
        asked, wider = _asked(after, known, house)
    return after, asked, taken, wider


def _asked(
    declared: Sequence[Declared], known: Mapping[int, Facts], house: House
) -> tuple[Asked, Mapping[int, Facts]]:
    """What the check finds, per device, and the meters it looked at."""
    together = _together(declared, known, house.places)
    found = validation.check_together(together, limits=house.limits, priors=house.priors)
    if _asks(found.values()) and (beside := house.beside()):
        others = _others(beside, house.places, on=max(one.taken_on for one in declared))
        found = validation.check_together(
            together, others=others, limits=house.limits, priors=house.priors
        )
        known = {**beside, **known}
    return {one.device: found.get(str(one.device), ()) for one in declared}, known


def _asks(found: Iterable[Iterable[validation.Finding]]) -> bool:
    return any(one.demand is not Demand.NOTHING for findings in found for one in findings)


def _together(
    declared: Sequence[Declared], known: Mapping[int, Facts], places: Places
) -> list[Together]:
    seen = _seen(
        [
            (meter, value, Ahead(known[meter], one.taken_on))
            for one in declared
            for meter, value in one.values.items()
        ]
    )
    return [
        Together(
            str(one.device),
            tuple(seen[meter] for meter in one.values),
            documented.tolerance,
            documented.relations,
            places.get(one.device),
        )
        for one in declared
        for documented in [_documented(one, known)]
    ]


def _others(beside: Mapping[int, Facts], places: Places, *, on: date) -> list[Together]:
    """Devices nobody declared, as they are known: the last real value of each meter stands for a new one."""
    lasts = {
        meter: last
        for meter, facts in beside.items()
        if (last := metering.last_real(facts.history, until=on))
    }
    seen = _seen([(meter, last.value, Ahead(beside[meter], on)) for meter, last in lasts.items()])
    meters: dict[int, list[Seen]] = {}
    for meter, one in seen.items():
        meters.setdefault(mending.device_of(meter, beside), []).append(one)
    return [
        Together(str(device), tuple(those), row=places.get(device))
        for device, those in meters.items()
    ]


def _seen(values: Sequence[tuple[int, int, Ahead]]) -> dict[int, Seen]:
    """Each meter's new value beside what is known of it; what is expected is looked up for all at once."""
    expected = foreseeing.expect([ahead for _meter, _value, ahead in values])
    return {
        meter: _beside_its_past(meter, value, ahead, found)
        for (meter, value, ahead), found in zip(values, expected, strict=True)
    }


def _beside_its_past(meter: int, value: int, ahead: Ahead, found: Expected) -> Seen:
    known, taken_on = ahead.known, ahead.on
    last = metering.last_real(known.history, until=taken_on)
    speed = known.own.device.model.pages_a_minute
    days = max(1, (taken_on - last.taken_on).days) if last else 1
    return Seen(
        key=str(meter),
        new=metering.Reading(taken_on, value, segment=known.segment),
        last_real=last,
        last_billed=known.billed[-1] if known.billed else None,
        expected=found.volume,
        usual=found.usual,
        kind=known.own.kind.code,
        digits=known.digits,
        spread=habits.spread(known.history, until=taken_on) if last else None,
        fullest=validation.fullest(speed, days=days) if speed and last else None,
    )


def _documented(one: Declared, known: Mapping[int, Facts]) -> Registers:
    """What the maker's documentation says of its counters."""
    return registers.registers_of(known[next(iter(one.values))].own.device.model)


def _answer(
    finding: validation.Finding,
    one: Declared,
    offer: Offer | None,
    mended: Collection[Mended],
    keep: Collection[str],
    known: Mapping[int, Facts],
) -> Finding.Answer | None:
    """What was answered to a finding; None if it still asks."""
    if finding.demand in (Demand.NOTHING, Demand.REVIEW):
        return Finding.Answer.NOTHING
    if finding.demand is Demand.PROOF:
        return (one.reason or Finding.Answer.OTHER) if one.proof else None
    if finding.code is Code.ROLLED_OVER and _said_yes(one, offer, mended):
        return Finding.Answer.ROLLED_OVER
    if offer and (offer.question in keep or _is_shown(finding, one, known)):
        return Finding.Answer.KEPT
    if one.confirmed:
        return Finding.Answer.KEPT if offer and offer.answers else Finding.Answer.CONFIRMED
    # Who took a proposal saw the old and the new value: these are meant.
    return Finding.Answer.CONFIRMED if _is_meant(finding, mended) else None


def _is_meant(finding: validation.Finding, mended: Collection[Mended]) -> bool:
    made = {str(meter) for taken in mended for meter, _value in taken.proposal.values}
    return finding.key in made or (not finding.key and bool(made))


def _is_shown(finding: validation.Finding, one: Declared, known: Mapping[int, Facts]) -> bool:
    """Whether the photo of a lower value answers: in which field a number belongs, it does not show."""
    if one.proof is None or not finding.key:
        return False
    meter = int(finding.key)
    says = finding.code is Code.MISTYPED or (finding.code is Code.ROLLED_OVER and one.reason)
    return bool(says) and _below_last(known[meter], one.values[meter], one.taken_on) > 0


def _said_yes(one: Declared, offer: Offer | None, mended: Collection[Mended]) -> bool:
    if one.reason is Finding.Answer.ROLLED_OVER:
        return True
    return offer is not None and any(taken.offer.question == offer.question for taken in mended)


def _still_lower(one: Declared, known: Mapping[int, Facts], heard: Sequence[Heard]) -> list[Heard]:
    """Below the last real value a photo is asked for, once « as typed » has answered a better idea."""
    if not any(each.answer is Finding.Answer.KEPT for each in heard):
        return []
    spoken = {each.finding.key for each in heard if each.finding.demand is Demand.PROOF}
    tolerance = _documented(one, known).tolerance
    found = []
    for meter, value in one.values.items():
        below = _below_last(known[meter], value, one.taken_on)
        if below > tolerance and not spoken & {"", str(meter)}:
            lower = validation.Finding(Code.LOWER_THAN_LAST, Demand.PROOF, str(meter), below)
            found.append(Heard(lower, None, _answer(lower, one, None, (), (), known)))
    return found


def _below_last(known: Facts, value: int, on: date) -> int:
    last = metering.last_real(known.history, until=on)
    return last.value - value if last and last.segment == known.segment else 0


def _speaks_of(finding: validation.Finding, meter: int, one: Examined) -> bool:
    """Of this meter, below its last real value; of a whole device, each meter that went down."""
    if finding.code not in (*HAPPENED, Code.ROLLED_OVER):
        return False
    declared = one.declared
    below = _below_last(one.facts[meter], declared.values[meter], declared.taken_on)
    return finding.key == str(meter) or (not finding.key and below > 0)
