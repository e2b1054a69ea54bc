"""How many wrong readings a check finds, how many honest ones it asks about, and what it proposes.

Rolling campaigns: eight quarters of history, six campaigns; persons of five devices declare together.
The estimator and the spread are the product's own, from the readings before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from bench.vee import injected
from bench.vee.injected import KINDS, Kind, Shown, Values
from bench.vee.pairs import Pair
from releveur.rules import habits
from releveur.rules.estimation import expected_volume
from releveur.rules.metering import Reading
from releveur.rules.validation import Code, Demand, Finding, Mend, Seen, Together, check_together

HISTORY, CAMPAIGNS = 8, 6
TOGETHER = 5
DAYS = [date(2019 + n // 4, 1 + n % 4 * 3, 5) for n in range(HISTORY + CAMPAIGNS + 1)]
METERS = ("MONO", "COLOR")

NAMES: dict[Kind, set[Code]] = {
    **{kind: {Code.MISTYPED} for kind in injected.DIGITS},
    "swap": {Code.SWAPPED},
    "duplicate": {Code.UNCHANGED},
    "total": {Code.TOTAL_AS_MONO},
    "other_device": {Code.OTHER_DEVICE, Code.SAME_AS_OTHER, Code.ROWS_EXCHANGED},
    "reset": {Code.RESET},
    "rollover": {Code.ROLLED_OVER},
}


@dataclass(frozen=True, slots=True)
class Known:
    """One device before a campaign: its meters without a new value, and what they will show."""

    key: str
    meters: tuple[Seen, Seen]
    shown: Shown

    def typed(self, values: Values) -> Together:
        meters = tuple(
            Seen(
                one.key, Reading(one.new.taken_on, value), one.last_real, one.last_real,
                one.expected, None, one.kind, one.digits, one.spread,
            )
            for one, value in zip(self.meters, values, strict=True)
        )  # fmt: skip
        return Together(self.key, meters)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was asked about one device."""

    kind: Kind | None
    material: bool
    findings: tuple[Finding, ...]
    right: tuple[Mend, ...] = ()
    oracle: bool = False

    @property
    def asked(self) -> list[Finding]:
        return [one for one in self.findings if one.demand is not Demand.NOTHING]

    @property
    def named(self) -> bool:
        return self.kind is not None and any(one.code in NAMES[self.kind] for one in self.asked)

    def mended(self, first: int) -> bool:
        """Whether the right values are among the first proposals."""
        return any(
            mend in self.right for one in self.asked for mend in [one.mended, *one.others][:first]
        )


@dataclass(slots=True)
class Tally:
    """The outcomes of one panel."""

    outcomes: list[Outcome] = field(default_factory=list)

    def wrong(self, *kinds: Kind) -> list[Outcome]:
        return [one for one in self.outcomes if one.material and one.kind in (kinds or KINDS)]

    def recall(self, *kinds: Kind) -> float:
        return _share([bool(one.asked) for one in self.wrong(*kinds)])

    def false_alarms(self) -> float:
        return _share([bool(one.asked) for one in self.outcomes if one.kind is None])

    def named(self, *kinds: Kind) -> float:
        return _share([one.named for one in self.wrong(*kinds) if one.asked])

    def mended(self, *kinds: Kind, first: int = 1) -> float:
        return _share([one.mended(first) for one in self.wrong(*kinds) if one.asked and one.right])

    def as_the_oracle(self, *, asked: bool = True) -> float:
        """One-digit faults: how often we propose the right value, by how often the oracle does.

        :param asked: of those that we ask about; else of all, with those that look all right
        """
        wrong = [one for one in self.wrong(*injected.DIGITS) if one.asked or not asked]
        ours = sum(one.mended(3) for one in wrong)
        return ours / max(1, sum(one.oracle for one in wrong))


def _share(found: Sequence[bool]) -> float:
    return sum(found) / len(found) if found else float("nan")


def tally(pairs: Sequence[Pair], *, seed: int = 1, share: float = injected.SHARE) -> Tally:
    """Let every device declare in six campaigns, with faults in some of the readings."""
    dice = np.random.default_rng(seed)
    offsets = dice.integers(0, 400_000, (len(pairs), 2))
    result = Tally()
    for campaign in range(CAMPAIGNS):
        devices = [known(f"d{n}", pair, offsets[n], campaign) for n, pair in enumerate(pairs)]
        order = dice.permutation(len(devices)).tolist()
        for first in range(0, len(order), TOGETHER):
            person = [devices[n] for n in order[first : first + TOGETHER]]
            result.outcomes += declared(person, dice, share)
    return result


def known(key: str, pair: Pair, offset: np.ndarray, campaign: int) -> Known:
    until = campaign + HISTORY
    meters, before, now = [], [], []
    for kind, volumes, start in zip(METERS, pair, offset.tolist(), strict=True):
        index = start + np.concatenate([[0], np.cumsum(volumes)])
        past = [Reading(DAYS[n], int(index[n])) for n in range(campaign, until + 1)]
        last = past[-1]
        awaited = expected_volume(
            past, since=last.taken_on, until=DAYS[until + 1], monthly_volume=None
        )
        meters.append(
            Seen(f"{key}.{kind}", Reading(DAYS[until + 1], 0), last, last, awaited,
                 kind=kind, spread=habits.spread(past))
        )  # fmt: skip
        before.append(last.value)
        now.append(int(index[until + 1]))
    black, colour = meters
    return Known(key, (black, colour), Shown((before[0], before[1]), (now[0], now[1])))


def declared(person: Sequence[Known], dice: np.random.Generator, share: float) -> list[Outcome]:
    """One declaration of a person: what is wrong in it, and what is asked."""
    rows = [*person]
    typed = [one.shown.now for one in rows]
    kinds: list[Kind | None] = [None] * len(rows)
    rights: list[tuple[Mend, ...]] = [()] * len(rows)
    silent: set[int] = set()
    for n in range(len(rows)):
        if kinds[n] is None and n not in silent and dice.random() < share:
            kind = KINDS[int(dice.integers(len(KINDS)))]
            kinds[n] = kind
            if kind == "other_device":
                _another(n, rows, typed, kinds, rights, silent, dice)
                continue
            if kind == "rollover":
                rows[n] = _nearly_full(rows[n], dice)
                full = 10 ** (rows[n].meters[0].digits or 0)
                typed[n] = rows[n].shown.now[0] - full, rows[n].shown.now[1]
                continue
            typed[n] = injected.ALONE[kind](rows[n].shown, dice)
            rights[n] = _right(rows[n], typed[n], kind)
    said = [rows[n].typed(typed[n]) for n in range(len(rows)) if n not in silent]
    found = check_together(said, others=[rows[n].typed((0, 0)) for n in sorted(silent)])
    return [
        Outcome(
            kinds[n], injected.is_material(typed[n], rows[n].shown), found[rows[n].key], rights[n],
            _oracle(rows[n], typed[n], kinds[n]),
        )
        for n in range(len(rows)) if n not in silent
    ]  # fmt: skip


def _another(
    n: int,
    rows: Sequence[Known],
    typed: list[Values],
    kinds: list[Kind | None],
    rights: list[tuple[Mend, ...]],
    silent: set[int],
    dice: np.random.Generator,
) -> None:
    """The reading of another device: alone, in both rows, or the two exchanged."""
    free = [m for m in range(len(rows)) if m != n and kinds[m] is None and m not in silent]
    if not free:
        kinds[n] = None
        return
    other = int(dice.choice(free))
    theirs = _values(rows[other], rows[other].shown.now)
    match int(dice.integers(3)):
        case 0:
            silent.add(other)
            rights[n] = (theirs,)
        case 1:
            kinds[other] = "other_device"
            typed[other] = rows[n].shown.now
            both = tuple(sorted((*theirs, *_values(rows[n], rows[n].shown.now))))
            rights[n] = rights[other] = (both,)
        case _twice:
            pass
    typed[n] = rows[other].shown.now


def _values(device: Known, values: Values) -> Mend:
    return tuple((one.key, value) for one, value in zip(device.meters, values, strict=True))


def _right(device: Known, typed: Values, kind: Kind) -> tuple[Mend, ...]:
    """The values that would mend it, as a finding may name them: all, or those that are wrong."""
    if kind in {"duplicate", "reset"}:
        return ()
    whole = _values(device, device.shown.now)
    wrong = tuple(one for one, other in zip(whole, typed, strict=True) if one[1] != other)
    return tuple(dict.fromkeys([whole, wrong]))


def _nearly_full(device: Known, dice: np.random.Generator) -> Known:
    """The same device, its black counter passing 10^digits in this period."""
    before, now = device.shown.before, device.shown.now
    digits = max(5, len(str(now[0])))
    moved = 10**digits - 1 - round((now[0] - before[0]) * dice.random()) - before[0]
    black, colour = device.meters
    assert black.last_real is not None
    last = Reading(black.last_real.taken_on, before[0] + moved)
    full = Seen(
        black.key, black.new, last, last, black.expected, None, black.kind, digits, black.spread
    )
    shown = Shown((last.value, before[1]), (now[0] + moved, now[1]))
    return Known(device.key, (full, colour), shown)


def _oracle(device: Known, typed: Values, kind: Kind | None) -> bool:
    """Whether the right value is among the three likeliest of all that this kind of slip allows."""
    if kind not in injected.DIGITS:
        return False
    for seen, wrong, right in zip(device.meters, typed, device.shown.now, strict=True):
        if wrong != right and seen.last_real and seen.expected is not None:
            centre, last = np.log1p(seen.expected), seen.last_real.value
            spread = seen.spread or 0.3
            able = sorted(
                (one for one in undone(str(wrong), kind) if one > last),
                key=lambda one: -_likely(one - last, centre, spread),
            )
            return right in able[:3]
    return False


def _likely(volume: int, centre: float, spread: float) -> float:
    off = (np.log1p(volume) - centre) / spread
    return float((1 + off * off / 5) ** -3 / (volume + 1))


def undone(text: str, kind: Kind) -> set[int]:
    """Every value that one slip of this kind turns into the text."""
    cuts = range(len(text))
    found: Iterable[str]
    match kind:
        case "substitution":
            found = (text[:n] + d + text[n + 1 :] for n in cuts for d in "0123456789")
        case "deletion":
            found = (text[:n] + d + text[n:] for n in range(len(text) + 1) for d in "0123456789")
        case "insertion":
            found = (text[:n] + text[n + 1 :] for n in cuts)
        case _transposition:
            found = (text[:n] + text[n + 1] + text[n] + text[n + 2 :] for n in cuts[:-1])
    return {int(one or "0") for one in found}
