"""What others would say of the same series: the same quarter last year, AutoETS and AutoTheta."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.vee.panels import Panel
from releveur.rules.curves import Whole

type Floats = NDArray[np.float64]
type Method = Callable[[Whole], float]
"""From the quarters of one series to the next one."""

SERIES = 120
"""Of each panel, drawn once: a search for the best model of one series takes a tenth of a second."""

PLAYED = 8


def best(every: Sequence[Panel], *, known: Iterable[int]) -> float:
    """The lowest MASE ÷ that of the mean of four quarters, as `estimates` counts it, of the three."""
    return min(_of(method, every, [*known]) for method in methods())


def methods() -> list[Method]:
    """The peers; what only a measurement needs is looked for only here."""
    from statsforecast.models import AutoETS, AutoTheta  # noqa: PLC0415  # of the bench's group

    def searched(kind: type[AutoETS | AutoTheta]) -> Method:
        def ahead(series: Whole) -> float:
            found = kind(season_length=4).forecast(y=series.astype(float), h=1)
            return float(found["mean"][0])

        return ahead

    return [last_year, searched(AutoETS), searched(AutoTheta)]


def last_year(series: Whole) -> float:
    """The same quarter one year earlier."""
    return float(series[-4])


def _of(method: Method, every: Sequence[Panel], known: Sequence[int]) -> float:
    ratios = [_ratio(method, panel, quarters) for panel in every for quarters in known]
    return float(np.exp(np.mean(np.log(ratios))))


def _ratio(method: Method, panel: Panel, known: int) -> float:
    random = np.random.default_rng(1)
    some = random.choice(len(panel.printed), min(SERIES, len(panel.printed)), replace=False)
    theirs, mean = [], []
    for series in panel.printed[some]:
        before = series[:-PLAYED]
        scale = np.abs(before[4:] - before[:-4]).mean()
        if not scale:
            continue
        for quarter in range(len(series) - PLAYED, len(series)):
            past, came = series[quarter - known : quarter], series[quarter]
            theirs.append(abs(_sound(method, past) - came) / scale)
            mean.append(abs(past[-4:].mean() - came) / scale)
    return float(np.mean(theirs) / np.mean(mean))


def _sound(method: Method, past: Whole) -> float:
    """What it says; where a search finds nothing, the mean of four quarters."""
    try:
        said = method(past)
    except Exception:  # noqa: BLE001  # others' searches fail in many ways
        said = float("nan")
    return said if np.isfinite(said) else float(past[-4:].mean())
