"""What we would have billed beside what was billed elsewhere, line by line, each difference named.

A line is one meter of one period: it runs from an index to an index and bills a quantity. A
difference is cut into parts that add up to it exactly:

    ours - theirs = (our new index - theirs) + (their previous index - ours) + what is left

The first part has its cause in the reading that was taken, the second in where the line begins, the
third in how a quantity comes from its indexes: a counter that was changed, a minimum, round numbers.
A cause is named where the two lines and the readings known here prove it; otherwise the part says
that somebody has to look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import permutations
from operator import attrgetter

from releveur.rules.metering import Reading

type Key = tuple[str, str]
"""Serial number and code of the meter."""


class Code(StrEnum):
    """Why two quantities differ. Causes first, what nobody can prove last."""

    OTHER_READING = "OTHER_READING"
    READING_NOT_TAKEN = "READING_NOT_TAKEN"
    READING_MISSING = "READING_MISSING"
    REAL_AGAINST_ESTIMATE = "REAL_AGAINST_ESTIMATE"
    TWO_ESTIMATES = "TWO_ESTIMATES"
    METERS_SWAPPED = "METERS_SWAPPED"
    FIRST_READING = "FIRST_READING"
    OTHER_PREVIOUS = "OTHER_PREVIOUS"
    PREVIOUS_NOT_BILLED = "PREVIOUS_NOT_BILLED"
    PREVIOUS_MISSING = "PREVIOUS_MISSING"
    COUNTER_CHANGED = "COUNTER_CHANGED"
    NOT_DEDUCTED = "NOT_DEDUCTED"
    ROUNDED = "ROUNDED"
    MINIMUM = "MINIMUM"
    REDUCED = "REDUCED"
    DUPLICATED = "DUPLICATED"
    OTHER_PERIOD = "OTHER_PERIOD"
    SERIAL_UNKNOWN = "SERIAL_UNKNOWN"
    CONTRACT_UNCLEAR = "CONTRACT_UNCLEAR"
    METER_UNKNOWN = "METER_UNKNOWN"
    METER_NOT_BILLED = "METER_NOT_BILLED"
    NOT_COVERED = "NOT_COVERED"
    NOT_DUE = "NOT_DUE"
    NO_ESTIMATE_ALLOWED = "NO_ESTIMATE_ALLOWED"
    BILLED_WITHOUT_LINE = "BILLED_WITHOUT_LINE"
    NOTHING_PRINTED = "NOTHING_PRINTED"
    OTHER_VALUE = "OTHER_VALUE"
    OTHER_PREVIOUS_VALUE = "OTHER_PREVIOUS_VALUE"
    OTHER_QUANTITY = "OTHER_QUANTITY"
    NO_INDEXES = "NO_INDEXES"
    NOT_IN_FILE = "NOT_IN_FILE"
    UNKNOWN = "UNKNOWN"

    @property
    def explains(self) -> bool:
        """Whether an accountant has the cause, and not only the difference."""
        return self not in OPEN


OPEN = frozenset(
    {
        Code.OTHER_VALUE,
        Code.OTHER_PREVIOUS_VALUE,
        Code.OTHER_QUANTITY,
        Code.NO_INDEXES,
        Code.NOT_IN_FILE,
        Code.UNKNOWN,
        Code.CONTRACT_UNCLEAR,
    }
)
"""What somebody has to look at."""


@dataclass(frozen=True, slots=True)
class Index:
    """What a line begins or ends with; `real` is None where nobody says."""

    value: int
    on: date | None = None
    real: bool | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One meter billed once: `number` is its line in the file."""

    key: Key
    quantity: int
    previous: Index | None = None
    new: Index | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What stands here of a meter: its real readings, and the indexes that were invoiced."""

    readings: Sequence[Reading] = ()
    billed: Sequence[Reading] = ()
    absent: Code = Code.UNKNOWN
    """Why we bill nothing for it, where we do not."""


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a difference, in impressions, and its cause."""

    code: Code
    impressions: int


class Verdict(StrEnum):
    EQUAL = "EQUAL"
    EXPLAINED = "EXPLAINED"
    UNEXPLAINED = "UNEXPLAINED"


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of ours, the lines of theirs that bill the same, and the parts of what differs."""

    key: Key
    ours: Line | None
    theirs: Sequence[Line]
    parts: Sequence[Part]

    @property
    def difference(self) -> int:
        """Ours less theirs, in impressions."""
        return (self.ours.quantity if self.ours else 0) - sum(one.quantity for one in self.theirs)

    @property
    def verdict(self) -> Verdict:
        if not self.parts:
            return Verdict.EQUAL
        explained = all(part.code.explains for part in self.parts)
        return Verdict.EXPLAINED if explained else Verdict.UNEXPLAINED


@dataclass(frozen=True, slots=True)
class _Swapped:
    """Meters whose indexes stand crosswise in the file, at either end of their lines."""

    new: Collection[Key]
    previous: Collection[Key]


def compare(
    ours: Iterable[Line], theirs: Iterable[Line], known: Mapping[Key, Known]
) -> list[Compared]:
    """Confront the two sides; every line of both stands in exactly one of the results.

    Several lines for one meter (tiers, months, a move) count as one; the same line of theirs again
    is a duplicate.

    >>> def line(quantity, new):
    ...     return Line(("39", "MONO"), quantity, Index(39_684), Index(new))
    >>> [one] = compare([line(1_516, 41_200)], [line(1_520, 41_200)], {})
    >>> one.difference, one.verdict.value, [(part.code.value, part.impressions) for part in one.parts]
    (-4, 'EXPLAINED', [('ROUNDED', -4)])
    """
    mine = {key: _joined(lines) for key, lines in _by_key(ours).items()}
    groups, apart = _sorted_out(theirs, mine)
    joined = {key: _joined(lines) for key, lines in groups.items()}
    swapped = _Swapped(
        _crosswise(mine, joined, attrgetter("new")),
        _crosswise(mine, joined, attrgetter("previous")),
    )
    compared = [
        _compared(key, mine.get(key), groups.get(key, ()), joined.get(key), known, swapped)
        for key in dict.fromkeys([*mine, *groups])
    ]
    return compared + apart


def _by_key(lines: Iterable[Line]) -> dict[Key, list[Line]]:
    found: dict[Key, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.key].append(line)
    return found


def _sorted_out(
    theirs: Iterable[Line], ours: Mapping[Key, Line]
) -> tuple[Mapping[Key, list[Line]], list[Compared]]:
    """Their lines by meter, and apart from them duplicates and lines of other periods."""
    groups: dict[Key, list[Line]] = defaultdict(list)
    apart: list[Compared] = []
    seen: set[tuple[object, ...]] = set()
    for line in theirs:
        same = (line.key, line.quantity, line.previous, line.new)
        if same in seen:
            apart.append(_alone(line, Code.DUPLICATED))
        elif _is_of_another_period(line, ours.get(line.key)):
            apart.append(_alone(line, Code.OTHER_PERIOD))
        else:
            groups[line.key].append(line)
        seen.add(same)
    return groups, apart


def _alone(line: Line, code: Code) -> Compared:
    return Compared(line.key, None, (line,), (Part(code, -line.quantity),))


def _is_of_another_period(theirs: Line, ours: Line | None) -> bool:
    if ours is None:
        return False
    ends, begins = _day(theirs.new), _day(theirs.previous)
    since, until = _day(ours.previous), _day(ours.new)
    if ends == until or begins == since:
        return False
    before = ends is not None and since is not None and ends <= since
    after = begins is not None and until is not None and begins >= until
    return before or after


def _day(index: Index | None) -> date | None:
    return index.on if index else None


def _joined(lines: Sequence[Line]) -> Line:
    """One line from the first index to the last, with the sum of the quantities."""
    if len(lines) == 1:
        return lines[0]
    begins = [line.previous for line in lines if line.previous]
    ends = [line.new for line in lines if line.new]
    whole = len(begins) == len(ends) == len(lines)
    return Line(
        lines[0].key,
        sum(line.quantity for line in lines),
        min(begins, key=_order) if whole else None,
        max(ends, key=_order) if whole else None,
        lines[0].number,
    )


def _order(index: Index) -> tuple[date, int]:
    return index.on or date.min, index.value


def _compared(
    key: Key,
    ours: Line | None,
    group: Sequence[Line],
    joined: Line | None,
    known: Mapping[Key, Known],
    swapped: _Swapped,
) -> Compared:
    about = known.get(key, Known())
    if joined is None:
        assert ours is not None
        return Compared(key, ours, (), (Part(_of_ours_alone(ours, about), ours.quantity),))
    if ours is None:
        return Compared(key, None, group, (Part(about.absent, -joined.quantity),))
    return Compared(key, ours, group, _parts(ours, joined, about, swapped))


def _of_ours_alone(ours: Line, known: Known) -> Code:
    if any(ours.new and one.taken_on == ours.new.on for one in known.billed):
        return Code.BILLED_WITHOUT_LINE
    return Code.NOTHING_PRINTED if ours.quantity == 0 else Code.NOT_IN_FILE


def _parts(ours: Line, theirs: Line, known: Known, swapped: _Swapped) -> Sequence[Part]:
    difference = ours.quantity - theirs.quantity
    if ours.new is None or theirs.new is None or theirs.previous is None:
        return (Part(Code.NO_INDEXES, difference),) if difference else ()
    if ours.previous is None:
        return (Part(Code.FIRST_READING, difference),) if difference else ()
    new = ours.new.value - theirs.new.value
    previous = theirs.previous.value - ours.previous.value
    rest = difference - new - previous
    shares = (
        Part(_of_new(ours, theirs, known, swapped), new) if new else None,
        Part(_of_previous(ours, theirs, known, swapped), previous) if previous else None,
        Part(_of_quantity(ours, theirs), rest) if rest else None,
    )
    return tuple(part for part in shares if part)


def _of_new(ours: Line, theirs: Line, known: Known, swapped: _Swapped) -> Code:
    mine, other = ours.new, theirs.new
    assert mine is not None and other is not None
    if ours.key in swapped.new:
        return Code.METERS_SWAPPED
    stands = any(one.value == other.value for one in known.readings)
    if _estimated(other, known.billed):
        return Code.TWO_ESTIMATES if mine.real is False else Code.REAL_AGAINST_ESTIMATE
    if stands:
        return Code.READING_NOT_TAKEN if mine.real is False else Code.OTHER_READING
    same_day = mine.on is not None and mine.on == other.on
    return Code.OTHER_VALUE if mine.real is not False and same_day else Code.READING_MISSING


def _estimated(index: Index, billed: Sequence[Reading]) -> bool:
    """As the file says; where it says nothing, as the same index was imported."""
    if index.real is not None:
        return not index.real
    same = [one for one in billed if one.value == index.value]
    return bool(same) and not any(one.quality.is_real for one in same)


def _of_previous(ours: Line, theirs: Line, known: Known, swapped: _Swapped) -> Code:
    mine, other = ours.previous, theirs.previous
    assert mine is not None and other is not None
    if ours.key in swapped.previous:
        return Code.METERS_SWAPPED
    if any(one.value == other.value for one in known.billed):
        return Code.OTHER_PREVIOUS
    if any(one.value == other.value for one in known.readings):
        return Code.PREVIOUS_NOT_BILLED
    same_day = mine.on is not None and mine.on == other.on
    return Code.OTHER_PREVIOUS_VALUE if same_day else Code.PREVIOUS_MISSING


def _of_quantity(ours: Line, theirs: Line) -> Code:
    """Their quantity is not the difference of their indexes, or ours is not that of ours."""
    if ours.quantity != _span(ours):
        return Code.COUNTER_CHANGED
    span, billed = _span(theirs), theirs.quantity
    if span < 0:
        return Code.NOT_DEDUCTED if billed == 0 else Code.OTHER_QUANTITY
    for step in (10, 100):
        if billed > 0 and billed % step == 0 and abs(billed - span) < step:
            return Code.ROUNDED
    return Code.MINIMUM if billed > span else Code.REDUCED


def _span(line: Line) -> int:
    assert line.new is not None and line.previous is not None
    return line.new.value - line.previous.value


def _crosswise(
    ours: Mapping[Key, Line], theirs: Mapping[Key, Line], end: Callable[[Line], Index | None]
) -> set[Key]:
    """Meters that have the index of another meter of their device, which has theirs."""
    devices: dict[str, list[Key]] = defaultdict(list)
    for key in ours.keys() & theirs.keys():
        devices[key[0]].append(key)
    return {
        one
        for keys in devices.values()
        for one, other in permutations(keys, 2)
        if _same(end(ours[one]), end(theirs[other])) and _same(end(ours[other]), end(theirs[one]))
    }


def _same(mine: Index | None, other: Index | None) -> bool:
    return mine is not None and other is not None and mine.value == other.value
