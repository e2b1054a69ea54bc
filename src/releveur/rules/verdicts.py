"""From what is probable to what is asked: the findings of a declaration's devices.

The explanation with the most weight gives its name; what it would put right comes with it, best
first. Where nothing explains a surprise, it keeps its plain name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf, log1p

from releveur.rules import hypotheses, rows, sums
from releveur.rules.doubts import Cause, Doubt, heaviest
from releveur.rules.findings import (
    LIMITS,
    Code,
    Demand,
    Finding,
    Limits,
    Mend,
    Seen,
    Together,
    of_segment,
    usual_range,
)
from releveur.rules.priors import PRIORS, Priors
from releveur.rules.rows import Sheet
from releveur.rules.volumes import board, column, columns

PROPOSALS = 3

PLAIN = {Code.UNUSUAL_HIGH, Code.UNCHANGED}
"""Explanations that explain nothing: the plain names tell more."""

DEMANDS: Mapping[Code, Demand] = {Code.RESET: Demand.PROOF, Code.REPLACED: Demand.PROOF}
"""What is not asked by one tick."""

ELSEWHERE = {
    Code.RESET, Code.REPLACED, Code.ROLLED_OVER, Code.OTHER_DEVICE, Code.ROWS_EXCHANGED,
    Code.SAME_AS_OTHER, Code.SHIFTED,
}  # fmt: skip
"""Where values are not this device's, or start anew, their sum says nothing more."""


def doubts(
    declared: Sequence[Together], others: Sequence[Together], priors: Priors
) -> tuple[Sheet, dict[int, Doubt]]:
    """Weigh what may have happened to each device whose values are not plainly right."""
    sheet = _sheet(declared, others, priors)
    seen = sheet.board
    wondering = hypotheses.suspicious(seen, priors)[: len(declared)]
    wondering &= (seen.known[: len(declared)] & sheet.typed).any(axis=1)
    same = rows.repeated(sheet)
    at = [row for row, asks in enumerate(wondering.tolist()) if asks or row in same]
    found = _own_doubts(declared, sheet, at, priors)
    rows.weigh(sheet, found, same, priors)
    return sheet, found


def _sheet(declared: Sequence[Together], others: Sequence[Together], priors: Priors) -> Sheet:
    every = [*declared, *others]
    kinds = columns(every)
    place = {kind: number for number, kind in enumerate(kinds)}
    keys = [[""] * len(kinds) for _device in every]
    for row, device in enumerate(every):
        for number, seen in enumerate(device.meters):
            keys[row][place[column(seen, number)]] = seen.key
    placed = [(device.row, row) for row, device in enumerate(every) if device.row is not None]
    order = [row for _place, row in sorted(placed)]
    names = [device.key for device in every]
    return Sheet(board(every, kinds, priors), kinds, names, keys, len(declared), order)


def _own_doubts(
    declared: Sequence[Together], sheet: Sheet, at: Sequence[int], priors: Priors
) -> dict[int, Doubt]:
    if not at:
        return {}
    fates = hypotheses.fates(sheet.board, sheet.columns, at, priors)
    place = {kind: n for n, kind in enumerate(sheet.columns)}
    found = {}
    for n, row in enumerate(at):
        firm = {place[kind] for kind in sums.holding(declared[row])}
        own = hypotheses.doubt(n, sheet.board, fates, sheet.keys[row], priors, firm=firm)
        found[row] = own
    return found


def findings(
    device: Together,
    row: int,
    sheet: Sheet,
    found: Doubt | None,
    plain: Mapping[str, Finding],
    limits: Limits,
    priors: Priors,
) -> tuple[Finding, ...]:
    """Say what is asked about one device.

    :param plain: what the certain rules found, by key of the meter
    """
    if found is None or found.is_right() >= priors.ask_below:
        return tuple(plain.values())
    by_key = {seen.key: seen for seen in device.meters}
    keys = sheet.keys[row]
    _weight, cause = heaviest(found.ideas())
    if cause in {idea.cause for idea in found.joint}:
        told = _told(found, cause, [by_key[keys[m]] for m in cause[1]])
        spoken = {keys[m] for m in cause[1]}
        return (told, *(one for key, one in plain.items() if key not in spoken))
    wrong = [m for m in found.own if found.wrong(m) >= 1 / 2] or [cause[1][0]]
    heard = dict(plain)
    for m in wrong:
        _weight, own = heaviest(found.own[m])
        seen = by_key[keys[m]]
        if own[0] not in PLAIN:
            heard[seen.key] = _told(found, own, [seen])
        elif seen.key not in heard and _is_worth_asking(seen, limits):
            heard[seen.key] = _unusual(seen)
    return tuple(heard[seen.key] for seen in device.meters if seen.key in heard)


def _told(found: Doubt, cause: Cause, meters: Sequence[Seen]) -> Finding:
    code, _meters, other = cause
    mends = found.mends(cause)[:PROPOSALS]
    first = meters[0]
    over = 0
    if len(meters) == 1 and (last := of_segment(first, first.last_real)):
        over = abs(first.new.value - last.value)
    low, high = first.usual or (None, None)
    return Finding(
        code,
        DEMANDS.get(code, Demand.CONFIRM),
        first.key if len(meters) == 1 else "",
        over,
        low,
        high,
        mended=mends[0] if mends else (),
        others=tuple(mends[1:]),
        other=other,
    )


def _is_worth_asking(seen: Seen, limits: Limits) -> bool:
    """Whether a volume that nothing explains lies farther from the expected one than the slack."""
    last = of_segment(seen, seen.last_real)
    assert last is not None, "nothing surprises without a past"
    return abs(seen.new.value - last.value - max(0, seen.expected or 0)) > limits.slack


def _unusual(seen: Seen) -> Finding:
    """What has no better name: too many or too few, and a digit that cannot be."""
    last = of_segment(seen, seen.last_real)
    assert last is not None, "nothing surprises without a past"
    volume = seen.new.value - last.value
    awaited = max(0, seen.expected or 0)
    low, high = seen.usual or usual_range(awaited, LIMITS)
    if volume < 0:
        return Finding(Code.LOWER_THAN_LAST, Demand.PROOF, seen.key, -volume)
    if len(str(seen.new.value)) > len(str(last.value + 3 * awaited)):
        return Finding(Code.DIGITS, Demand.CONFIRM, seen.key, volume, low, high)
    code = Code.UNUSUAL_LOW if volume < awaited else Code.UNUSUAL_HIGH
    return Finding(code, Demand.CONFIRM, seen.key, volume, low, high)


def added_up(device: Together, told: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Ask about a sum that does not come out, unless a mend that was found puts it right."""
    gap = sums.broken(device)
    if gap is None or any(one.code in ELSEWHERE for one in told):
        return told
    relation, by = gap
    repairs: list[Mend] = [((key, value),) for key, value in sums.repairs(relation, by, device)]
    for one in told:
        proposed = [one.mended, *one.others]
        right = [mend for mend in proposed if sums.comes_out(relation, device, dict(mend))]
        if right:
            rest = [mend for mend in proposed if mend not in right and mend]
            mended, *others = [*right, *rest][:PROPOSALS]
            return tuple(
                replace(one, mended=mended, others=tuple(others)) if other is one else other
                for other in told
            )
    likely = sorted(repairs, key=lambda mend: _distance(device, *mend[0]))
    mended, *others = likely[:PROPOSALS]
    return (
        Finding(
            Code.DO_NOT_ADD_UP, Demand.CONFIRM, "", abs(by), mended=mended, others=tuple(others)
        ),
    )


def _distance(device: Together, key: str, value: int) -> float:
    """How far a value would lie from the expected one, in spreads; below the last: out of reach.

    >>> from datetime import date
    >>> from releveur.rules.metering import Reading
    >>> new = last = Reading(date(2022, 1, 5), 39_684)
    >>> device = Together("7855V_F", (Seen("mono", new, last, last, 1500, spread=0.3),))
    >>> _distance(device, "mono", 41_184), _distance(device, "mono", 39_683)
    (0.0, inf)
    """
    seen = next(one for one in device.meters if one.key == key)
    last = of_segment(seen, seen.last_real)
    if last is None or seen.expected is None:
        return 2.0
    if value < last.value:
        return inf
    off = log1p(value - last.value) - log1p(max(0, seen.expected))
    return abs(off) / (seen.spread or PRIORS.scale)
