"""The measures of `script/bench vee`, seeded and small: real pairs of series, ten kinds of fault."""

from __future__ import annotations

from functools import cache

import pytest

from bench.vee import checks, fleet, pairs
from bench.vee.checks import Tally
from bench.vee.injected import DIGITS, Kind

WORLDS = ["pbs", "tourism", "fleet", "prison"]


@cache
def measured(world: str) -> Tally:
    """Fewer pairs, and faults in a fifth of the readings: as many faults in less time."""
    if world == "fleet":
        return checks.tally(fleet.pairs(devices=200), seed=7, share=0.2)
    every = pairs.PANELS[world]()
    return checks.tally(every[:: max(1, len(every) // 150)], seed=7, share=0.2)


@pytest.mark.parametrize("world", WORLDS)
def test_wrong_readings_that_matter_are_found(world: str) -> None:
    assert len(measured(world).wrong()) > 100
    assert measured(world).recall() >= 0.93


@pytest.mark.parametrize("world", WORLDS)
def test_honest_readings_are_left_alone(world: str) -> None:
    assert measured(world).false_alarms() <= 0.015


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize(
    ("kind", "reach"),
    [
        ("swap", 0.95), ("duplicate", 0.95), ("total", 0.95),
        ("other_device", 0.85), ("reset", 0.85), ("rollover", 0.85),
    ],
)  # fmt: skip
def test_what_happened_is_named_right(world: str, kind: Kind, reach: float) -> None:
    assert measured(world).named(kind) >= reach


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("kind", ["swap", "total", "other_device"])
def test_the_right_values_are_proposed_first(world: str, kind: Kind) -> None:
    assert measured(world).mended(kind) >= 0.97


@pytest.mark.parametrize("world", WORLDS)
def test_slips_are_mended_as_by_one_who_knows_their_kind(world: str) -> None:
    assert len(measured(world).wrong(*DIGITS)) > 30
    assert measured(world).as_the_oracle() >= 0.90
