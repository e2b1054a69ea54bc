"""What may explain the values of one device, weighed: ideas, and what they make of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from releveur.rules.findings import Code, Mend

type Cause = tuple[Code, tuple[int, ...], str]
"""What happened, to which meters, and the other device it speaks of."""


@dataclass(frozen=True, slots=True)
class Idea:
    """One explanation: its weight, and the values it would put right, by place on the device."""

    code: Code
    meters: tuple[int, ...]
    weight: float
    mended: Mend = ()
    other: str = ""

    @property
    def cause(self) -> Cause:
        return self.code, self.meters, self.other


HOPELESS = 500
"""A proposal that is so many times less probable than the best helps nobody."""


@dataclass
class Doubt:
    """A device's explanations, weighed.

    `correct`: all is well. `apart`: each meter has its own fate, all being well among them; `own` are
    these fates by meter. `joint`: one thing happened to several meters.
    """

    correct: float
    apart: float
    fates: Callable[[], dict[int, list[Idea]]]
    joint: list[Idea] = field(default_factory=list)

    @cached_property
    def own(self) -> dict[int, list[Idea]]:
        """By meter: looked at only where something is asked."""
        return self.fates()

    @property
    def total(self) -> float:
        return self.apart + sum(idea.weight for idea in self.joint)

    def is_right(self) -> float:
        """The probability that all is well."""
        total = self.total
        return self.correct / total if total else 0.0

    def wrong(self, meter: int) -> float:
        """The probability that a meter's own fate is another than to be right."""
        return sum(idea.weight for idea in self.own[meter]) / self.apart if self.apart else 1.0

    def ideas(self) -> list[Idea]:
        return [*self.joint, *(idea for ideas in self.own.values() for idea in ideas)]

    def mends(self, first: Cause) -> list[Mend]:
        """What would put it right: the ideas of a cause before all others, each once.

        Nothing, where that cause leaves nothing to put right; nothing that leaves one of its meters as
        it is, or surprises as much as what was typed.
        """
        able = sorted((idea for idea in self.ideas() if idea.mended), key=lambda one: -one.weight)
        least = max((one.weight for one in able), default=0.0) / HOPELESS
        able = [one for one in able if one.weight >= least and {*first[1]} <= {*one.meters}]
        ours = [one for one in able if one.cause == first]
        return list(dict.fromkeys(one.mended for one in [*ours, *able])) if ours else []


def heaviest(ideas: Iterable[Idea]) -> tuple[float, Cause]:
    """Return what happened most probably: the ideas of one cause together.

    >>> slips = [Idea(Code.MISTYPED, (0,), 0.2, (("mono", n),)) for n in (1, 2)]
    >>> heaviest([*slips, Idea(Code.RESET, (0,), 0.3)])[1][0].value
    'MISTYPED'
    """
    weights: dict[Cause, float] = {}
    for idea in ideas:
        weights[idea.cause] = weights.get(idea.cause, 0.0) + idea.weight
    cause = max(weights, key=weights.__getitem__)
    return weights[cause], cause
