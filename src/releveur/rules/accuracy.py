"""How good estimates were: what was guessed of a span beside what was printed in it.

    error        Σ |guess - printed| ÷ Σ printed: a page wrongly guessed weighs the same everywhere
    bias         Σ (guess - printed) ÷ Σ printed: above 0 the customers paid too much for a while
    far off      the share of guesses more than 25 % (and 10 impressions) beside what was printed
    covered      the share of what was printed inside the range that went with the guess

docs/rules/estimation.md has the worked numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

FAR = Fraction(1, 4)
FEW = 10
"""Impressions that matter to nobody, however many per cent they are."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Impressions of one meter in one span: guessed, with the range if there was one, and printed."""

    guessed: int
    printed: int
    between: tuple[int, int] | None = None

    @property
    def off(self) -> int:
        """Impressions too many; below 0 too few."""
        return self.guessed - self.printed

    @property
    def is_far_off(self) -> bool:
        return abs(self.off) > FEW and abs(self.off) > FAR * self.printed


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What many guesses were worth; fractions of 1, None where nothing can be said."""

    count: int
    error: Fraction | None
    bias: Fraction | None
    far_off: Fraction | None
    covered: Fraction | None


def accuracy(guesses: Sequence[Guess]) -> Accuracy:
    """Sum up guesses.

    >>> summed = accuracy([Guess(1_500, 1_152, (1_100, 1_900)), Guess(900, 1_000, (950, 990))])
    >>> [str(part) for part in (summed.error, summed.bias, summed.far_off, summed.covered)]
    ['56/269', '31/269', '1/2', '1/2']
    """
    printed = sum(one.printed for one in guesses)
    ranged = [one for one in guesses if one.between]
    inside = sum(one.between[0] <= one.printed <= one.between[1] for one in ranged if one.between)
    return Accuracy(
        len(guesses),
        _share(sum(abs(one.off) for one in guesses), printed),
        _share(sum(one.off for one in guesses), printed),
        _share(sum(one.is_far_off for one in guesses), len(guesses)),
        _share(inside, len(ranged)),
    )


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole > 0 else None
