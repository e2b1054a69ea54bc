"""What the dealer knows of a model: where it shows its counters, and what its screen calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from releveur.fleet import making
from releveur.fleet.models import DeviceModel

MOST_STEPS = 12
LONGEST = 300
"""Characters of a step or a label: they stand on a phone's screen."""


class TooMuch(Exception):
    """Nobody reads so many steps, or so long ones, in front of a device."""

    def __init__(self) -> None:
        super().__init__()
        self.steps, self.letters = MOST_STEPS, LONGEST


def describe(
    model: DeviceModel,
    *,
    steps: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> None:
    """Write the steps to its counters, or its labels per kind of meter, or both; what is not given stays.

    They win over what is known of its family; empty ones leave the word to it again.

    :raises making.UnknownKind: there is no such kind of meter
    :raises TooMuch: too many steps, or one too long
    """
    if steps is not None:
        lines = [" ".join(step.split()) for step in steps]
        model.shown_where = "\n".join(line for line in lines if line)
    if labels is not None:
        model.labels = {
            making.kind(name).code: " ".join(label.split()) for name, label in labels.items()
        }
    said = [*model.shown_where.splitlines(), *model.labels.values()]
    if len(model.shown_where.splitlines()) > MOST_STEPS or max(map(len, said), default=0) > LONGEST:
        raise TooMuch
    model.save(update_fields=["shown_where", "labels"])
