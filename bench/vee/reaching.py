"""The figures of the checks: found, asked for nothing, named, mended, and how long it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan

import numpy as np

from bench.frame import Bench
from bench.rounds import Reach, Row, interleaved, of_pairs, timed
from bench.vee import checks, fleet, injected, pairs
from bench.vee.checks import Tally
from bench.vee.injected import Kind
from bench.vee.pairs import Pair
from releveur.rules import slips
from releveur.rules.validation import Together, check_together

SEEDS = 5
CALLS = 100
DEVICES = 7

WORLDS: dict[str, Callable[[], list[Pair]]] = {
    "pbs": pairs.pbs, "tourism": pairs.tourism, "fleet": fleet.pairs,
}  # fmt: skip
BESIDE = ("livestock", "retail", "prison")
"""Panels without a say in what was to be reached, though seen while the priors were chosen."""

NAMED: dict[Kind, float] = {
    "swap": 0.95, "duplicate": 0.95, "total": 0.95,
    "other_device": 0.85, "reset": 0.85, "rollover": 0.85,
}  # fmt: skip
MENDED: tuple[Kind, ...] = ("swap", "total", "other_device")


def measure_checks(bench: Bench) -> list[Row]:
    """Ten kinds of fault in 5 % of the readings, on each world."""
    seeds = range(1, 2 if bench.quick else 1 + bench.rounds(SEEDS))
    worlds = dict(WORLDS) | {name: pairs.PANELS[name] for name in BESIDE}
    rows: list[Row] = []
    for name, world in worlds.items():
        of_world = world()[:: 5 if bench.quick else 1]
        rows += of_tally(name, [checks.tally(of_world, seed=seed) for seed in seeds])
    return [*rows, measure_speed(bench)]


def of_tally(world: str, seeds: Sequence[Tally]) -> list[Row]:
    """What is reached on one world; the seeds pooled."""
    one = Tally([outcome for tally in seeds for outcome in tally.outcomes])
    found = [
        _row(f"vee_recall.{world}", one.recall(), Reach(">=", 0.94)),
        _row(f"vee_false_alarms.{world}", one.false_alarms(), Reach("<=", 0.01)),
        *(
            _row(f"vee_named.{kind}.{world}", one.named(kind), Reach(">=", reach))
            for kind, reach in NAMED.items()
        ),
        *(
            _row(f"vee_mended.{kind}.{world}", one.mended(kind), Reach(">=", 0.97))
            for kind in MENDED
        ),
        _row(f"vee_mended.digits.{world}", one.as_the_oracle(), Reach(">=", 0.90)),
        _row(f"vee_mended.all_digits.{world}", one.as_the_oracle(asked=False), Reach(">=", 0.90)),
    ]
    return [row for row in found if not isnan(row.value)]  # a small world has not every kind


def _row(name: str, value: float, reach: Reach) -> Row:
    return of_pairs(name, [(value, 1.0)], reach=reach, unit="share")


def measure_speed(bench: Bench) -> Row:
    """Seven devices declared at once, black and colour: all that a check does, by one scoring pass."""
    calls = 2 if bench.quick else CALLS
    declared = persons()
    return interleaved(
        "vee_speed",
        lambda: timed(lambda: [check_together(one) for one in declared for _ in range(calls)]),
        lambda: timed(lambda: [score(one) for one in declared for _ in range(calls)]),
        reach=Reach("<=", 10),
        rounds=bench.rounds(5),
    )


def persons(number: int = 10, *, seed: int = 3) -> list[list[Together]]:
    """Declarations of seven devices, some of them wrong, as elsewhere in these measures."""
    dice = np.random.default_rng(seed)
    devices = [
        checks.known(f"d{n}", pair, dice.integers(0, 400_000, 2), 3)
        for n, pair in enumerate(fleet.pairs(devices=number * DEVICES))
    ]
    typed = [
        one.typed(injected.ALONE["substitution"](one.shown, dice))
        if dice.random() < injected.SHARE
        else one.typed(one.shown.now)
        for one in devices
    ]
    return [typed[first : first + DEVICES] for first in range(0, len(typed), DEVICES)]


def score(devices: Sequence[Together]) -> np.ndarray:
    """The limit: every value that one slip, another device or another meter explains, scored once."""
    seen = [one for device in devices for one in device.meters]
    facts = [
        (one.new.value, one.last_real.value, one.expected or 0, one.spread or 1.0)
        for one in seen if one.last_real
    ]  # fmt: skip
    new, last, expected, spread = np.array(facts, dtype=np.float64).T[:, :, None]
    typed = new.astype(np.int64).ravel()
    values, chances = slips.meant(typed)
    every = np.concatenate([values, np.broadcast_to(typed, (len(typed), len(typed)))], axis=1)
    grown = np.maximum(every - last, 0.0) + 1
    off = (np.log(grown) - np.log1p(expected)) / spread
    likely = (1 + off * off / 5) ** -3 / (spread * grown) * (every > last)
    likely[:, : chances.shape[1]] *= chances
    best: np.ndarray = likely.argmax(axis=1)
    return best
