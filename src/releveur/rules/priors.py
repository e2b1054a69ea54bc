"""How often what goes wrong goes wrong, and how far honest volumes stray: data, not literals.

The product's own values are in `priors.json`; a dealer's, learned from signed campaigns, are given.
docs/rules/validation.md says what each of them means.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Priors:
    """Probabilities of each hypothesis for a device, and the shape of honest volumes.

    mistyped … flat: of a device's declaration; `rolled_over`: that a display without known digits has
    as many as it shows; `lower`: that a
    display, or the reading before, is a few pages off, about `lower_by`; `zero`: that a meter stood still, where its habits reach as far; `jump`: that its use changed,
    by `jump_scale` on the log scale; `freedom` and `scale` of the Student-t around the expected
    volume, `unlearned` where a meter has no past to learn from; `weight`: how many spans the `scale`
    counts for beside a meter's own; `blind`: the scale where no volume is expected. `ask_below`: a
    question is worth its click where « all is well » is less probable.

    >>> Priors.of({}) == Priors.of(asdict(PRIORS)) == PRIORS
    True
    """

    mistyped: float
    swapped: float
    unchanged: float
    total: float
    other_device: float
    exchanged: float
    same: float
    shifted: float
    reset: float
    replaced: float
    rolled_over: float
    flat: float
    lower: float
    lower_by: float
    zero: float
    jump: float
    jump_scale: float
    freedom: float
    scale: float
    unlearned: float
    weight: float
    blind: float
    ask_below: float

    @classmethod
    def of(cls, given: object) -> Priors:
        """Read what differs from the product's own.

        :raises ValueError: a name that means nothing, or a value that is no positive number
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(given, Mapping) or not given.keys() <= names:
            raise ValueError(f"priors are {sorted(names)}")
        merged = {name: float(value) for name, value in (asdict(PRIORS) | dict(given)).items()}
        if min(merged.values()) <= 0:
            raise ValueError("priors are positive numbers")
        return cls(**merged)


PRIORS = Priors(**json.loads(files("releveur.rules").joinpath("priors.json").read_text("utf-8")))
"""The product's own."""
