"""The fleet from a file: new, known, changed here and there, tried; against csv and COPY of the same rows."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import transaction

from bench import copying, fleet_files
from bench.databases import GROUND
from bench.frame import Bench
from bench.rounds import Measure, Reach, Row, interleaved, timed
from releveur import clock
from releveur.importing import fleet

DEVICES, MANY_DEVICES = 20_000, 200_000
CHANGED = 100
"""One device of so many."""

WRITTEN = (
    "customers_customer", "customers_site", "customers_contact", "fleet_devicemodel", "fleet_device",
    "fleet_installation", "fleet_meter", "fleet_respondent", "contracts_contract", "contracts_coverage",
    "readings_reading", "readings_billed",
)  # fmt: skip


def measure(bench: Bench) -> list[Row]:
    return [_new(bench, "import", DEVICES, rounds=bench.rounds(5))]


def measure_many(bench: Bench) -> list[Row]:
    return [_new(bench, "import_many", MANY_DEVICES, rounds=bench.rounds(3))]


def measure_again(bench: Bench) -> list[Row]:
    """Against the import of the same file into an empty house."""
    size = bench.size(DEVICES)
    path, changed = _file(size), _file(size, moved_every=CHANGED)
    known = bench.databases.grown(f"bench_known_{size}", GROUND, lambda: _import(path))
    new = _into(bench, GROUND, lambda: _import(path))
    cases = {
        "reimport.unchanged": _into(bench, known, lambda: _import(path)),
        "reimport.changed": _into(bench, known, lambda: _import(changed)),
        "reimport.dry_run": _into(bench, GROUND, lambda: _try(path)),
    }
    return [
        interleaved(name, again, new, reach=Reach("<=", 1), rounds=bench.rounds(5))
        for name, again in cases.items()
    ]


def _new(bench: Bench, name: str, devices: int, *, rounds: int) -> Row:
    path = _file(bench.size(devices))
    rows: copying.Rows = {}

    def product() -> float:
        with bench.databases.copied(GROUND) as here:
            seconds = timed(lambda: _import(path))
            if not rows:
                with bench.databases.connect(here) as there:
                    rows.update(copying.taken(there, WRITTEN))
        return seconds

    def limit() -> float:
        with bench.databases.copied(GROUND) as here, bench.databases.as_app(here) as there:
            return timed(lambda: _parse_and_put(path, there, rows))

    return interleaved(name, product, limit, reach=Reach("<=", 3), rounds=rounds)


def _into(bench: Bench, world: str, work: Callable[[], None]) -> Measure:
    def measure() -> float:
        with bench.databases.copied(world):
            return timed(work)

    return measure


def _import(path: Path) -> None:
    report = fleet.import_fleet(path, now=clock.now())
    assert not report.errors, report.errors[:3]


def _try(path: Path) -> None:
    with transaction.atomic():
        _import(path)
        transaction.set_rollback(True)


def _parse_and_put(path: Path, there: psycopg.Connection, rows: copying.Rows) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        list(csv.reader(file, delimiter=";"))
    copying.put(there, rows)


def _file(devices: int, *, moved_every: int = 0) -> Path:
    path = Path(settings.DATA_DIR) / f"fleet_{devices}_{moved_every}.csv"
    return fleet_files.write(path, devices, due=clock.today(), moved_every=moved_every)
