"""What is surprising about what was declared, and what we ask for it.

A finding never refuses an honest value: it asks for one tick, or for a photo, and says what was
probably meant. Certain rules speak first (`RULES`); what the values themselves make probable
(`hypotheses`, and `rows` between devices) says why, and speaks where no rule does. One cause asks one
question. docs/rules/validation.md has the worked numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from releveur.rules import verdicts
from releveur.rules.findings import (
    LIMITS,
    Code,
    Demand,
    Finding,
    Limits,
    Mend,
    Relation,
    Seen,
    Together,
    of_segment,
    usual_range,
)
from releveur.rules.priors import PRIORS, Priors

__all__ = [
    "PRIORS", "RULES", "Code", "Demand", "Finding", "Limits", "Mend", "Priors", "Relation", "Seen",
    "Together", "check", "check_together", "fullest", "usual_range",
]  # fmt: skip

type Rule = Callable[[Seen, Limits], Finding | None]


def lower_than_last(seen: Seen, limits: Limits) -> Finding | None:
    """Ask for a photo when a value went below the last real one."""
    last = of_segment(seen, seen.last_real)
    if last is None or seen.new.value >= last.value:
        return None
    return Finding(Code.LOWER_THAN_LAST, Demand.PROOF, seen.key, last.value - seen.new.value)


def lower_than_estimate(seen: Seen, limits: Limits) -> Finding | None:
    """Own up when only our estimate was too high: a photo by the dealer's setting."""
    billed = of_segment(seen, seen.last_billed)
    if billed is None or billed.quality.is_real or seen.new.value >= billed.value:
        return None
    demand = Demand.PROOF if limits.photo_below_estimate else Demand.NOTHING
    return Finding(Code.LOWER_THAN_ESTIMATE, demand, seen.key, billed.value - seen.new.value)


def too_fast(seen: Seen, limits: Limits) -> Finding | None:
    """Ask to confirm more than the model can print in that time."""
    last = of_segment(seen, seen.last_real)
    if last is None or seen.fullest is None or seen.new.value - last.value <= seen.fullest:
        return None
    volume = seen.new.value - last.value
    low, high = seen.usual or (0, seen.fullest)
    return Finding(Code.TOO_FAST, Demand.CONFIRM, seen.key, volume, low, high)


def unusual_volume(seen: Seen, limits: Limits) -> Finding | None:
    """Ask to confirm a volume outside the usual range, where the meter's habits are unknown."""
    last = of_segment(seen, seen.last_real)
    if last is None or seen.expected is None or seen.spread is not None:
        return None
    volume = seen.new.value - last.value
    low, high = usual_range(seen.expected, limits)
    if low <= volume <= high:
        return None
    code = Code.UNUSUAL_LOW if volume < low else Code.UNUSUAL_HIGH
    low, high = seen.usual or (low, high)
    return Finding(code, Demand.CONFIRM, seen.key, volume, low, high)


def fullest(pages_a_minute: int, *, days: int) -> int:
    """Return the impressions of a device that prints day and night.

    >>> fullest(55, days=90)
    7128000
    """
    return pages_a_minute * 60 * 24 * days


RULES: tuple[Rule, ...] = (lower_than_last, lower_than_estimate, too_fast, unusual_volume)


def check(
    device: Sequence[Seen], *, limits: Limits = LIMITS, priors: Priors = PRIORS
) -> tuple[Finding, ...]:
    """Confront the new values of one device with its past.

    :param device: every meter that was declared together
    :returns: one finding for the device when one thing befell its meters, else at most one per meter

    >>> from datetime import date
    >>> from releveur.rules.metering import Reading
    >>> last = Reading(date(2022, 1, 5), 39_684)
    >>> seen = Seen("mono", Reading(date(2022, 4, 5), 39_648), last, last, 1500)
    >>> [(found.code.value, found.demand.value, found.over) for found in check([seen])]
    [('LOWER_THAN_LAST', 'PROOF', 36)]
    """
    return check_together([Together("", tuple(device))], limits=limits, priors=priors)[""]


def check_together(
    declared: Sequence[Together],
    *,
    others: Sequence[Together] = (),
    limits: Limits = LIMITS,
    priors: Priors = PRIORS,
) -> dict[str, tuple[Finding, ...]]:
    """Confront what a person declares at once with the past of every device, and with each other.

    :param others: the same person's devices that are not in this declaration
    :returns: the findings by device; those about several devices are told at each of them

    >>> from datetime import date
    >>> from releveur.rules.metering import Reading
    >>> def seen(kind: str, value: int, last: int) -> Seen:
    ...     past = Reading(date(2022, 1, 5), last)
    ...     return Seen(kind, Reading(date(2022, 4, 5), value), past, past, 1500, kind=kind)
    >>> device = Together("7855V_F", (seen("MONO", 91_214, 39_684), seen("COLOR", 41_195, 89_675)))
    >>> [(one.code.value, one.mended) for one in check_together([device])["7855V_F"]]
    [('SWAPPED', (('MONO', 41195), ('COLOR', 91214)))]
    """
    sheet, doubts = verdicts.doubts(declared, others, priors)
    found: dict[str, tuple[Finding, ...]] = {}
    for row, device in enumerate(declared):
        if device.meters and all(_is_unchanged(seen) for seen in device.meters):
            found[device.key] = (Finding(Code.UNCHANGED, Demand.CONFIRM, key="", over=0),)
            continue
        plain = _plain(device, limits)
        told = verdicts.findings(device, row, sheet, doubts.get(row), plain, limits, priors)
        found[device.key] = verdicts.added_up(device, told) if device.relations else told
    return found


def _plain(device: Together, limits: Limits) -> dict[str, Finding]:
    """Per meter the first certain rule that speaks."""
    found = {}
    for seen in device.meters:
        heard = (rule(seen, limits) for rule in RULES)
        first = within_tolerance(seen, device.tolerance) or next(filter(None, heard), None)
        if first:
            found[seen.key] = first
    return found


def within_tolerance(seen: Seen, tolerance: int) -> Finding | None:
    """Let a value pass that lies as little below the last real one as the maker's documentation grants."""
    last = of_segment(seen, seen.last_real)
    if last is None or not 0 < last.value - seen.new.value <= tolerance:
        return None
    return Finding(Code.WITHIN_TOLERANCE, Demand.NOTHING, seen.key, last.value - seen.new.value)


def _is_unchanged(seen: Seen) -> bool:
    """Equal to the highest value known: the last real one, or the billed one shown beside."""
    past = (of_segment(seen, seen.last_real), of_segment(seen, seen.last_billed))
    return seen.new.value == max((one.value for one in past if one), default=None)
