"""What a maker documents of its counters: pages one may lose by itself, sums that hold to the page."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from releveur.fleet.models import DeviceModel
from releveur.rules.validation import Relation

FAMILIES = Path(__file__).with_name("registers.toml")


@dataclass(frozen=True, slots=True)
class Registers:
    """Of one model: how many impressions its counters may lose, and which sums hold."""

    tolerance: int = 0
    relations: tuple[Relation, ...] = ()


@dataclass(frozen=True, slots=True)
class _Family:
    maker: str
    models: re.Pattern[str]
    registers: Registers

    def has(self, model: DeviceModel) -> bool:
        return (
            model.maker.casefold().startswith(self.maker.casefold())
            and self.models.fullmatch(model.name.strip()) is not None
        )


def registers_of(model: DeviceModel) -> Registers:
    """What is documented of this model; nothing of one whose maker says nothing."""
    found = (one.registers for one in _families() if one.has(model))
    return next(found, Registers())


@cache
def _families() -> tuple[_Family, ...]:
    with FAMILIES.open("rb") as file:
        return tuple(_family(one) for one in tomllib.load(file)["family"])


def _family(said: Mapping[str, Any]) -> _Family:
    relations = tuple(
        Relation(one["total"], tuple(one["parts"])) for one in said.get("relations", ())
    )
    return _Family(
        str(said["maker"]),
        re.compile(str(said.get("models", ".*")), re.IGNORECASE),
        Registers(int(said.get("tolerance", 0)), relations),
    )
