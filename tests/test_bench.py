"""The bench works: worlds so small that its figures mean nothing, one measurement of each make."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bench import report
from bench.rounds import Reach, interleaved

ROOT = Path(__file__).resolve().parent.parent


NAMES = ("landing", "submit", "import", "open", "mail_deliver", "export_csv", "close")
"""The others are made of the same parts; `script/bench --quick` runs all of them in a minute."""


def test_each_measurement_runs_and_says_what_a_row_says() -> None:
    surroundings = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    surroundings |= {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "RELEVEUR_DATA_DIR": ".data/tests-bench",
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench", *NAMES, "--quick", "--json"],
        cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["name"].replace(".", "_") for row in rows] == [*NAMES, "close_filled"]
    keys = {"name", "value", "unit", "limit", "ratio", "reach", "met", "rounds", "spread"}
    assert all(row.keys() == keys for row in rows)


def test_the_ratio_is_of_the_pairs_and_a_slow_minute_hits_both() -> None:
    ours, most = iter([2.0, 20.0, 2.2]), iter([1.0, 10.0, 1.0])

    row = interleaved("x", lambda: next(ours), lambda: next(most), reach=Reach("<=", 2.1), rounds=3)

    assert (row.value, row.limit, row.ratio, row.met) == (2.2, 1.0, 2.0, True)


def test_the_page_says_what_is_not_met() -> None:
    row = interleaved("close", lambda: 9.0, lambda: 1.0, reach=Reach("<=", 4), rounds=2)

    assert "| close | 9 s | 1 | 9 | **<= 4, not met** | 2 | 0% |" in report.page([row.plain()])
