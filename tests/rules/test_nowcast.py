"""What a campaign tells makes estimates better, and those of a small fleet not worse."""

from __future__ import annotations

from fractions import Fraction
from math import exp, log

import numpy as np
import pytest

from bench.vee.estimates import geometric, played
from bench.vee.panels import Panel, panels
from releveur.rules import curves, nowcast
from releveur.rules.estimation import Method, recompute
from releveur.rules.nowcast import Sample, drawn
from releveur.rules.surroundings import Surroundings
from tests.rules.test_docs import Row, every, number


@every("estimation.md", "shares of")
def test_a_volume_is_multiplied_as_documented(row: Row) -> None:
    shares = {name: number(row[name]) for name in ("days", "season", "drift", "factor")}
    found = recompute(Method.YEAR, {"year_daily": row["volume a day"], **shares})
    assert found.volume == number(row["volume"])


@every("estimation.md", "answers of")
def test_few_answers_move_little_as_documented(row: Row) -> None:
    n, c = number(row["fleet"]), number(row["kin"])
    medians = [log(float(value)) for name, value in row.items() if name.startswith("their")]
    fleet = drawn(medians[0], n, towards=0.0, weight=nowcast.OF_FLEET)
    kin = drawn(medians[1], c, towards=fleet, weight=nowcast.OF_KIN)
    assert f"{exp(kin):.4f}" == row["factor"]


def quarters(meters: int, quarter: list[int], *, factor: float = 1.0) -> Sample:
    """Meters that print the same each year, then once so many times as much; every fifth is silent."""
    years = 2
    places = np.repeat(np.arange(meters), 4 * years + 1)
    days = np.tile(91 * np.arange(4 * years + 1), meters)
    sizes = 1_000 + 37 * np.arange(meters)
    each = np.cumsum([[0, *quarter * years]], axis=1) * sizes[:, None] // 100
    lines = curves.draw(places, places * 0, days, each.ravel(), meters=meters)
    since = np.full(meters, 91 * 4 * years)
    printed = np.rint(sizes * quarter[0] / 100 * factor)
    printed[::5] = np.nan
    kin = np.arange(meters) % 2
    return Sample(lines, since, since + 91, kin, 2, printed)


def test_the_kin_of_a_meter_tells_its_season_and_this_times_factor() -> None:
    known = nowcast.learn(quarters(400, [80, 130, 90, 100], factor=1.1))
    assert len(known) == 3, "two kinds, and whoever is of none"
    for one in known[:2]:
        assert abs(float(one.factor) - 1.1) < 0.03
        assert one.reporters == 160
        assert min(one.season) < 8_500
        assert max(one.season) > 12_000
    assert known[2].reporters == 0


def test_without_an_answer_nothing_is_multiplied() -> None:
    sample = quarters(40, [80, 130, 90, 100])
    sample.printed[:] = np.nan
    known = nowcast.learn(sample)
    assert {(one.factor, one.reporters) for one in known} == {(Fraction(1), 0)}
    assert {one.reach for one in known} == {Surroundings().reach}
    assert {one.drifts for one in known} == {Surroundings().drifts}


LARGE = [panel for panel in panels() if panel.name in {"tourism", "retail"}]


@pytest.mark.parametrize("panel", LARGE, ids=[panel.name for panel in LARGE])
def test_estimates_are_nearer_than_the_mean_of_four_quarters(panel: Panel) -> None:
    limits = {"tourism": 0.95, "retail": 0.5}
    assert played(panel, known=8).ratio <= limits[panel.name]


def test_over_the_panels_the_error_is_a_third_less_at_least() -> None:
    assert geometric(played(panel, known=8).ratio for panel in panels()) <= 0.6
    assert geometric(played(panel, known=4).ratio for panel in panels()) <= 0.75


@pytest.mark.parametrize("share", [0.1, 0.8])
def test_a_small_fleet_is_never_worse_off(share: float) -> None:
    hardest = LARGE[0]
    assert played(hardest, known=8, devices=25, share=share, times=20).ratio <= 1.02


def test_four_real_values_of_five_lie_in_their_interval() -> None:
    for panel in LARGE:
        assert 0.74 <= played(panel, known=12, times=2).inside <= 0.86
