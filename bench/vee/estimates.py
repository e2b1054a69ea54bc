"""How near the estimates come on real series: beside the mean of four quarters, and the best that is known.

A campaign is played for each of the latest eight quarters of a panel: some meters answered, the others
are estimated by the product's own functions from the quarters before, and compared with what came. The
error of a meter is counted in units of its own seasonal change (MASE); a panel's is divided by that
of the mean of four quarters of the same meters, and panels are averaged geometrically.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.frame import Bench
from bench.rounds import Reach, Row
from bench.vee import peers
from bench.vee.panels import Panel, panels
from releveur.rules import curves, nowcast
from releveur.rules.curves import FIRST_DAY, Truth, Whole
from releveur.rules.estimation import Estimate
from releveur.rules.estimation_of_many import Past, Wanted, estimate_many
from releveur.rules.nowcast import Sample

type Floats = NDArray[np.float64]
type Silent = Literal["at random", "the smallest", "the largest"]
"""Who does not answer."""

PLAYED = 8
"""Quarters of each panel that are foreseen."""

LONG, SHORT = (8, 12), (2, 4)
"""Quarters of history."""

FIRST_VALUE = 1_000


@dataclass(frozen=True, slots=True)
class Campaign:
    """One quarter of a panel: which of its meters there are, and who of them answered."""

    panel: Panel
    quarter: int
    known: int
    meters: Whole
    answered: Truth

    @property
    def past(self) -> Whole:
        past: Whole = self.panel.printed[self.meters, self.quarter - self.known : self.quarter]
        return past

    @property
    def came(self) -> Whole:
        came: Whole = self.panel.printed[self.meters, self.quarter]
        return came

    @property
    def days(self) -> Whole:
        """The days of its readings, and of the one that is awaited."""
        every = np.append(self.panel.before, self.panel.ends)
        return every[self.quarter - self.known : self.quarter + 2]

    @property
    def scale(self) -> Floats:
        """What a meter changes from a year to the next, before anything is foreseen; 0 counts nothing."""
        before = self.panel.printed[self.meters, :-PLAYED]
        scale: Floats = np.abs(before[:, 4:] - before[:, :-4]).mean(axis=1)
        return scale


@dataclass(frozen=True, slots=True)
class Seen:
    """Of the silent meters of many campaigns: errors in their own units, and their intervals."""

    ours: float
    mean: float
    inside: float
    width: float

    @property
    def ratio(self) -> float:
        return self.ours / self.mean


def estimates(campaign: Campaign) -> list[Estimate]:
    """Estimate every meter as the close would, its own answer unknown to its own past."""
    count, known = len(campaign.meters), campaign.known + 1
    kinds, kin = np.unique(campaign.panel.kin[campaign.meters], return_inverse=True)
    values = np.cumsum(np.pad(campaign.past, ((0, 0), (1, 0)), constant_values=FIRST_VALUE), axis=1)
    places, days = np.repeat(np.arange(count), known), np.tile(campaign.days[:-1], count)
    segments = np.ones_like(places)
    past = Past(places, segments, days, values.ravel(), segments > 1)
    lines = curves.draw(places, segments, days, values.ravel(), meters=count)
    since, until = (np.full(count, day) for day in campaign.days[-2:])
    printed = np.where(campaign.answered, campaign.came, np.nan)
    told = nowcast.learn(Sample(lines, since, until, kin, len(kinds), printed))
    wanted = [Wanted(FIRST_DAY + timedelta(int(campaign.days[-1])))] * count
    around = [told[one] for one in kin.tolist()]
    return estimate_many(past, wanted, model_daily=lambda _place: None, around=around)


def played(
    panel: Panel,
    *,
    known: int,
    share: float = 0.8,
    silent: Silent = "at random",
    devices: int | None = None,
    times: int = 1,
    seed: int = 1,
) -> Seen:
    """Play the latest quarters of a panel, each so many times.

    :param known: quarters of history
    :param share: of the meters that answer
    :param devices: so many meters, drawn anew each time; else all
    """
    random = np.random.default_rng(seed)
    last = panel.printed.shape[1]
    found = [
        _of(_drawn(panel, quarter, known, share, silent, devices, random))
        for quarter in range(last - PLAYED, last)
        for _time in range(times)
    ]
    ours, mean, inside, width = (np.concatenate(column) for column in zip(*found, strict=True))
    return Seen(
        float(ours.mean()), float(mean.mean()), float(inside.mean()), float(np.median(width))
    )


def _drawn(
    panel: Panel, quarter: int, known: int, share: float, silent: Silent,
    devices: int | None, random: np.random.Generator,
) -> Campaign:  # fmt: skip
    every = len(panel.printed)
    meters = np.arange(every)
    if devices is not None and devices < every:
        meters = np.sort(random.choice(every, devices, replace=False))
    sizes = panel.printed[meters, quarter - known : quarter].mean(axis=1)
    keys = {"at random": random.random(len(meters)), "the smallest": -sizes, "the largest": sizes}
    order = np.argsort(np.argsort(keys[silent], kind="stable"))
    return Campaign(panel, quarter, known, meters, order < round(share * len(meters)))


def _of(campaign: Campaign) -> tuple[Floats, Floats, Truth, Floats]:
    found = estimates(campaign)
    volumes, lows, highs = (
        np.array([getattr(one, name) for one in found]) for name in ("volume", "low", "high")
    )
    start = np.array([int(one.inputs["since_value"]) for one in found])
    mean = campaign.past[:, -4:].mean(axis=1)
    came, scale = campaign.came, campaign.scale
    silent = ~campaign.answered
    counted = silent & (scale > 0)
    inside = (came + start >= lows) & (came + start <= highs)
    return (
        np.abs(volumes - came)[counted] / scale[counted],
        np.abs(mean - came)[counted] / scale[counted],
        inside[silent],
        (highs - lows)[silent] / np.maximum(came[silent], 1),
    )


def measure_estimates(bench: Bench) -> list[Row]:
    """All rows of the estimates; a quick run leaves the peers out."""
    every, times = panels(), 1 if bench.quick else 6
    long = {known: [played(one, known=known, times=times) for one in every] for known in LONG}
    short = {known: [played(one, known=known, times=times) for one in every] for known in SHORT}
    best = peers.best(every, known=LONG) if not bench.quick else 1.0
    ratios = [[one.ratio for one in panel] for panel in zip(*long.values(), strict=True)]
    ours = geometric(one.ratio for many in long.values() for one in many)
    return [
        _row("vee_mase", ours, limit=best, reach=0.70, below=best),
        _row(
            "vee_short", geometric(one.ratio for many in short.values() for one in many), reach=0.75
        ),
        _row("vee_panel_worst", max(map(geometric, ratios)), reach=1.0),
        *_small_fleets(every, times=1 if bench.quick else 20),
        *_silent(every),
        *_intervals([one for many in long.values() for one in many]),
    ]


def _small_fleets(every: Sequence[Panel], *, times: int) -> list[Row]:
    return [
        _row(
            f"vee_small_fleet.{share:.0%}".rstrip("%"),
            geometric(
                played(one, known=known, devices=25, share=share, times=times).ratio
                for one in every
                for known in LONG
            ),
            reach=1.0,
        )
        for share in (0.1, 0.3, 0.5, 0.8)
    ]


def _silent(every: Sequence[Panel]) -> list[Row]:
    whose: dict[str, Silent] = {"smallest": "the smallest", "largest": "the largest"}
    return [
        _row(
            f"vee_silent.{name}",
            geometric(
                played(one, known=known, silent=silent).ratio for one in every for known in LONG
            ),
            reach=1.0,
        )
        for name, silent in whose.items()
    ]


def _intervals(seen: Sequence[Seen]) -> list[Row]:
    """The panel that lies farthest from four of five, and how wide intervals are, in volumes."""
    inside = max((one.inside for one in seen), key=lambda share: abs(share - 0.8))
    width = float(np.median([one.width for one in seen]))
    met = 0.75 <= inside <= 0.85
    return [
        Row("vee_interval", round(inside, 3), "inside", 0.8, round(inside, 3), "0.75-0.85", met, 1, 0.0),
        Row("vee_interval.width", round(width, 3), "volumes", 1.0, round(width, 3), "-", True, 1, 0.0),
    ]  # fmt: skip


def _row(
    name: str, value: float, *, reach: float, limit: float = 1.0, below: float = float("inf")
) -> Row:
    """A figure that is a ratio already: ours ÷ the mean of what is known; `limit` is a peer's."""
    near = Reach("<=", reach)
    met = near.is_met(value) and value < below
    return Row(name, round(value, 3), "of mean", round(limit, 3), round(value, 3), str(near), met, 1, 0.0)  # fmt: skip


def geometric(ratios: Iterable[float]) -> float:
    """The geometric mean."""
    return float(np.exp(np.mean(np.log([*ratios]))))
