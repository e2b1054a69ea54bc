"""What a finding proposes instead of the values typed: one click puts it there, another keeps them.

A question and each of its proposals have a name made of the numbers it is about. A click carries the name
of what was shown; whoever changed a number meanwhile is asked again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from releveur.readings.submission import Declared, Facts
from releveur.rules.validation import Code, Finding, Mend

FIRST = "first"
"""Named by whoever takes the first proposal of whatever is asked, without having seen its name."""

YES = "yes"

EVENTS = (Code.ROLLED_OVER,)
"""What happened to a counter: the proposal is a yes, the value stays."""

SLIPS = (
    Code.SWAPPED, Code.TOTAL_AS_MONO, Code.MISTYPED, Code.OTHER_DEVICE, Code.ROWS_EXCHANGED,
    Code.SHIFTED, Code.DO_NOT_ADD_UP,
)  # fmt: skip
"""What happened on the way from the screen to the field: the first proposal puts it right."""

UNSURE = (Code.MISTYPED, Code.DO_NOT_ADD_UP, Code.RESET, Code.REPLACED)
"""Where further proposals help: which digit slipped, or that one did and nothing happened at the device."""

BETWEEN = (Code.OTHER_DEVICE, Code.ROWS_EXCHANGED, Code.SHIFTED)
"""What is put right in several rows at once, or in none."""

_PAIR = re.compile(r"(?:^|_)([0-9]{1,15})=([0-9]{1,15})(?=_|$)")

type Values = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Values that were probably meant, by meter; none where something happened to the counter."""

    name: str
    values: Values = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What a finding proposes, best first; `question` is what « as typed » answers.

    `full`: the value after which a counter would have started again from zero. `devices`: those whose
    values would change at once, where they are several rows.
    """

    finding: Finding
    question: str
    typed: Values
    proposals: tuple[Proposal, ...]
    full: int | None = None
    devices: frozenset[int] = frozenset()

    @property
    def answers(self) -> bool:
        """Whether two buttons answer it; else a tick or a photo does, and its proposals are only beside."""
        return self.finding.code in (*SLIPS, *EVENTS)


@dataclass(frozen=True, slots=True)
class Mended:
    """A proposal that was taken."""

    offer: Offer
    proposal: Proposal

    def devices(self, known: Mapping[int, Facts]) -> set[int]:
        """The devices whose values it made, or of whose counter it says something."""
        values = self.proposal.values or self.offer.typed
        return {device_of(meter, known) for meter, _value in values}


def offer(
    finding: Finding, device: int, typed: Mapping[int, int], known: Mapping[int, Facts]
) -> Offer | None:
    """What can be taken with one click; None where a finding only asks.

    :param device: the one that the finding was made of
    :param typed: every value of the form, by meter
    :param known: proposals for other meters than these are left out
    """
    ways = [
        tuple(sorted((int(meter), value) for meter, value in way))
        for way in _ways(finding)
        if way and all(int(meter) in known for meter, _value in way)
    ]
    if not ways and finding.code not in EVENTS:
        return None
    stood = tuple(sorted((meter, typed[meter]) for meter in _about(finding, device, typed, known)))
    key = "" if finding.code in BETWEEN else finding.key
    question = f"{finding.code}.{key}.{_named(stood)}"
    proposals = tuple(Proposal(f"{question}.{_named(way)}", way) for way in ways)
    if finding.code not in EVENTS:
        return Offer(finding, question, stood, proposals, devices=_between(finding, ways, known))
    full = known[int(finding.key)].full(inferred=True) if finding.key else None
    return Offer(finding, question, stood, (Proposal(f"{question}.{YES}"), *proposals), full)


def _between(
    finding: Finding, ways: Iterable[Values], known: Mapping[int, Facts]
) -> frozenset[int]:
    meters = {meter for way in ways for meter, _value in way if finding.code in BETWEEN}
    return frozenset(device_of(meter, known) for meter in meters)


def _ways(finding: Finding) -> tuple[Mend, ...]:
    if finding.code in UNSURE:
        return (finding.mended, *finding.others)
    return (finding.mended,) if finding.code in SLIPS else ()


def meters_named(declared: Iterable[Declared]) -> set[int]:
    """The meters of proposals that are said to be taken: they may be another device's."""
    return {
        meter for one in declared for name in one.mend for meter in _read(name.rpartition(".")[2])
    }


def as_typed(values: Mapping[int, int], names: Iterable[str]) -> dict[int, int]:
    """What was typed before a script put taken proposals into the fields; nothing else is changed."""
    typed = dict(values)
    for name in names:
        _code, _key, before, after = [*name.split("."), "", "", ""][:4]
        put = _read(after)
        if put and all(typed.get(meter) == value for meter, value in put.items()):
            typed = {meter: value for meter, value in typed.items() if meter not in put}
            typed |= _read(before)
    return typed


def mend(
    declared: Sequence[Declared],
    asked: Mapping[int, Sequence[Finding]],
    known: Mapping[int, Facts],
) -> tuple[list[Declared], list[Mended]]:
    """Put the proposals that were taken in the place of what was typed; what is asked no more is left."""
    typed = {meter: value for one in declared for meter, value in one.values.items()}
    after = {one.device: one for one in declared}
    taken: list[Mended] = []
    for one in declared:
        for mended in _taken(one, asked.get(one.device, ()), typed, known):
            if mended not in taken:
                taken.append(mended)
                _put(mended, one, after, known)
                for meter in _slipped_away(mended, typed, asked, known):
                    there = after[device_of(meter, known)]
                    left = {m: value for m, value in there.values.items() if m != meter}
                    after[there.device] = replace(there, values=left)
    return [one for one in after.values() if one.values], taken


def _taken(
    one: Declared,
    findings: Iterable[Finding],
    typed: Mapping[int, int],
    known: Mapping[int, Facts],
) -> Iterator[Mended]:
    for finding in findings if one.mend else ():
        made = offer(finding, one.device, typed, known)
        if made is None or made.question in one.keep:
            continue
        wanted = (p for p in made.proposals if p.name in one.mend or FIRST in one.mend)
        if proposal := next(wanted, None):
            yield Mended(made, proposal)


def _slipped_away(
    mended: Mended,
    typed: Mapping[int, int],
    asked: Mapping[int, Sequence[Finding]],
    known: Mapping[int, Facts],
) -> set[int]:
    """Of a shifted column, where its last value stood: it went a row up, and nothing came instead."""
    finding = mended.offer.finding
    if finding.code is not Code.SHIFTED:
        return set()
    shifted = {
        device
        for device, findings in asked.items()
        if any(one.mended == finding.mended for one in findings)
    }
    moved = {(_kind(meter, known), value) for meter, value in mended.proposal.values}
    into = {meter for meter, _value in mended.proposal.values}
    return {
        meter
        for meter, value in typed.items()
        if meter not in into
        and device_of(meter, known) in shifted
        and (_kind(meter, known), value) in moved
    }


def _kind(meter: int, known: Mapping[int, Facts]) -> int:
    return known[meter].own.kind_id


def _put(
    mended: Mended, one: Declared, after: dict[int, Declared], known: Mapping[int, Facts]
) -> None:
    """Of values that belong to another device alone, nothing stays here."""
    by_device: dict[int, dict[int, int]] = {}
    for meter, value in mended.proposal.values:
        by_device.setdefault(device_of(meter, known), {})[meter] = value
    if by_device and one.device not in by_device:
        after[one.device] = replace(after[one.device], values={})
    for device, values in by_device.items():
        there = after.get(device) or Declared(device, one.taken_on, {})
        after[device] = replace(there, values={**there.values, **values})


def device_of(meter: int, known: Mapping[int, Facts]) -> int:
    """The device a meter belongs to."""
    return known[meter].own.device_id


def _about(
    finding: Finding, device: int, typed: Mapping[int, int], known: Mapping[int, Facts]
) -> set[int]:
    """The meters whose numbers make the question: between two devices it is the same one on either."""
    named = {int(meter) for meter, _value in finding.mended}
    if finding.key and finding.code not in BETWEEN:
        return (named | {int(finding.key)}) & typed.keys()
    if finding.code is Code.SHIFTED:
        return named & typed.keys()
    devices = {device, *([int(finding.other)] if finding.other else [])}
    return {meter for meter in typed if device_of(meter, known) in devices}


def _named(values: Values) -> str:
    return "_".join(f"{meter}={value}" for meter, value in values)


def _read(values: str) -> dict[int, int]:
    """What `_named` wrote; of anything else, nothing."""
    return {int(meter): int(value) for meter, value in _PAIR.findall(values)}
