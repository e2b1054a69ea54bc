"""docs/performance.md, written from the rows that `script/bench --json` printed: python -m bench.report < rows.json"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

TOP = """# What it reaches

`script/bench` measures the product beside its limit: what a program without any waste of ours would reach on the same
machine, in the same run, in turns. What counts is the ratio; seconds belong to the machine. For rates more is better,
for times less. `spread` says how far the rounds lie apart, as a part of the median.

| what | measured | limit | ratio | should be | rounds | spread |
|---|---|---|---|---|---|---|
"""

LIMITS = """
## The limits

| what | its limit |
|---|---|
| landing | a view without middleware, one hand-written query for the same facts, and the same bytes joined from strings |
| declare | the same, each row of the sheet built from the facts of its device |
| submit | one hand-written transaction writing the same rows, behind the same server |
| import, import_many | the `csv` module, and COPY of the same rows into the same tables with their indexes |
| reimport | the import of the same file into an empty house |
| open | COPY of the same rows |
| mail_deliver, mail_all | messages composed before, two kept connections to the same mail server |
| close | the history read once by COPY, and COPY of the estimates |
| close.filled | the same, and the rows filled: COPY of which row gets which reading, and one UPDATE |
| close_growth | linear: the exponent of time between the smallest and the largest fleet; the peak memory of the smallest |
| export | COPY of the lines to a client; the workbook library left alone |
| pages_at_size | the same pages with a hundredth of the readings; tables of some size that a page reads whole |
| vee_mase, vee_short, vee_panel_worst, vee_small_fleet, vee_silent | the error of the mean of four quarters (of what exists); for vee_mase beside it the best of AutoETS, AutoTheta and the same quarter last year |
| vee_recall, vee_false_alarms, vee_named, vee_mended | 1; of the slips of a digit, one who knows which kind it was (`digits`: of those asked about; `all_digits`: of all that matter) |
| vee_speed | one scoring pass in arrays over the same candidates, making them included |
| vee_interval | four real values of five inside, on the panel that lies farthest from it |
"""


def page(rows: Iterable[Mapping[str, Any]], *, words: str = "") -> str:
    """The whole page.

    :param words: where and under what load it was measured
    """
    every = list(rows)
    shares = [row for row in every if row["unit"] == "share"]
    lines = "".join(_line(row) for row in every if row not in shares)
    words = f"\n{words}\n" if words else ""
    return TOP + lines + words + (_shares(shares) if shares else "") + LIMITS


def _shares(rows: Iterable[Mapping[str, Any]]) -> str:
    """What is measured on each of several worlds, the last part of its name: a column each."""
    reached: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        what, _dot, world = row["name"].rpartition(".")
        reached.setdefault(what, {})[world] = row
    worlds = list(next(iter(reached.values())))
    head = f"| what | {' | '.join(worlds)} | should be |\n|{'---|' * (len(worlds) + 2)}\n"
    lines = (
        f"| {what} | {' | '.join(_share(found.get(world)) for world in worlds)}"
        f" | {next(iter(found.values()))['reach']} |\n"
        for what, found in reached.items()
    )
    return f"\n## The checks, world by world\n\n{head}{''.join(lines)}"


def _share(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "–"
    told = f"{row['value']:.4g}"
    return told if row["met"] else f"**{told}, not met**"


def _line(row: Mapping[str, Any]) -> str:
    verdict = row["reach"] if row["met"] else f"**{row['reach']}, not met**"
    return (
        f"| {row['name']} | {row['value']:,g} {row['unit']} | {row['limit']:,g} | {row['ratio']:.3g}"
        f" | {verdict} | {row['rounds']} | {row['spread']:.0%} |\n"
    )


if __name__ == "__main__":
    sys.stdout.write(page(json.load(sys.stdin), words=" ".join(sys.argv[1:])))
