"""Where a device shows its counters, and what its screen calls them: from the model, else from its family."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from releveur.fleet.models import DeviceModel

FAMILIES = Path(__file__).with_name("shown_where.toml")


@dataclass(frozen=True, slots=True)
class Guide:
    """Steps to the counters, per language, and the label on the screen per kind of meter and language."""

    steps: Mapping[str, Sequence[str]]
    labels: Mapping[str, Mapping[str, str]]

    def label(self, kind: str, language: str) -> str:
        """What the screen calls this kind of meter; empty where nobody knows."""
        return self.labels.get(language, {}).get(kind, "")


@dataclass(frozen=True, slots=True)
class _Family:
    maker: str
    models: re.Pattern[str]
    guide: Guide

    def has(self, model: DeviceModel) -> bool:
        return (
            model.maker.casefold().startswith(self.maker.casefold())
            and self.models.fullmatch(model.name.strip()) is not None
        )


def guide_of(model: DeviceModel) -> Guide | None:
    """How to find the counters of this model; None where neither the dealer nor the makers' guides say.

    What the dealer wrote with the model wins: one step a line, its labels by kind of meter.
    """
    family = next((one.guide for one in _families() if one.has(model)), None)
    own_steps = [line.strip() for line in model.shown_where.splitlines() if line.strip()]
    own = {kind: str(label) for kind, label in model.labels.items()}
    if not own_steps and not own:
        return family
    labels = dict(family.labels) if family else {}
    steps = family.steps if family and not own_steps else {"fr": own_steps, "en": own_steps}
    return Guide(
        steps,
        {language: {**labels.get(language, {}), **own} for language in ("fr", "en")},
    )


@cache
def _families() -> tuple[_Family, ...]:
    with FAMILIES.open("rb") as file:
        return tuple(_family(one) for one in tomllib.load(file)["family"])


def _family(said: Mapping[str, str | list[str] | dict[str, list[str]]]) -> _Family:
    labels = said.get("labels", {})
    assert isinstance(labels, dict)
    return _Family(
        str(said["maker"]),
        re.compile(str(said["models"]), re.IGNORECASE),
        Guide(
            {"fr": list(said["steps_fr"]), "en": list(said["steps_en"])},
            {
                "fr": {kind: both[0] for kind, both in labels.items()},
                "en": {kind: both[1] for kind, both in labels.items()},
            },
        ),
    )
