"""A fleet that nobody owns: what we assume of printers, written down.

- level: pages a quarter, log-normal around 3,000, sd 1.0 on the log scale; colour a part of black,
  log-normal around 0.5, sd 0.8
- season: each of eight trades has a year of its own, sd 0.15 on the log scale; a device follows it
- noise: each device has its own sd, uniform in 0.10 to 0.40; half of the variance is the office's
  (both meters), half the meter's
- drift: a random walk of sd 0.03 a quarter
- true jumps: in 2 % of the quarters the use of a device changes for good, by a normal step of sd 1
  on the log scale, of both meters
"""

from __future__ import annotations

import numpy as np

from bench.vee.pairs import QUARTERS, Pair

DEVICES = 900
TRADES = 8
JUMPS, JUMP = 0.02, 1.0


def pairs(*, devices: int = DEVICES, seed: int = 1) -> list[Pair]:
    """The impressions per quarter of each device, black and colour."""
    dice = np.random.default_rng(seed)
    season = dice.normal(0, 0.15, (TRADES, 4))[dice.integers(0, TRADES, devices)]
    year = np.tile(season, (1, QUARTERS // 4 + 1))[:, :QUARTERS]
    level = np.log(3_000) + dice.normal(0, 1.0, devices)
    colour = np.log(0.5) + dice.normal(0, 0.8, devices)
    noise = dice.uniform(0.10, 0.40, devices)[:, None] * np.sqrt(0.5)
    shape = (devices, QUARTERS)
    jumps = dice.normal(0, JUMP, shape) * (dice.random(shape) < JUMPS)
    drift = np.cumsum(dice.normal(0, 0.03, shape) + jumps, axis=1)
    office = level[:, None] + year + drift + noise * dice.normal(size=shape)
    black = np.exp(office + noise * dice.normal(size=shape))
    coloured = np.exp(office + colour[:, None] + noise * dice.normal(size=shape))
    return list(zip(_whole(black), _whole(coloured), strict=True))


def _whole(volumes: np.ndarray) -> np.ndarray:
    return np.rint(volumes).astype(np.int64)
