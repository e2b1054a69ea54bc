"""Closing: every silent meter estimated, explained, its row filled; in time, and as the fleet grows."""

from __future__ import annotations

from math import log
from pathlib import Path

import psycopg

from bench import copying
from bench.frame import Bench
from bench.rounds import Reach, Row, of_pairs, timed
from bench.worlds import Fleet
from releveur import clock
from releveur.campaigns import closing
from releveur.readings.models import Reading

METERS = 300_000
PAST = 8
GROWTH = (100_000, 300_000, 1_000_000)
PAST_OF_GROWTH = 3
"""Less than eight: a million meters fit the time that a measurement may take."""

HISTORY = (
    "select meter_id, taken_on, value, quality, segment from readings_reading order by meter_id"
)


POINTED = "create temp table pointed as select id, reading_id from campaigns_duereading"
POINT = """
    update campaigns_duereading d set reading_id = p.reading_id from pointed p where p.id = d.id
"""


def measure(bench: Bench) -> list[Row]:
    """Beside the history read and the estimates put, the same with the rows filled: a close does all three."""
    fleet = Fleet(bench.size(METERS) // 2, PAST)
    world = bench.databases.world(f"{fleet.name}_closing", fleet.build_closing)
    estimates: copying.Rows = {}
    filled: copying.Rows = {}

    def product() -> float:
        with bench.databases.copied(world) as here:
            seconds = timed(_close)
            assert Reading.objects.filter(source="SYSTEM").count() == fleet.silent
            if not estimates:
                with bench.databases.connect(here) as there:
                    only = "source = 'SYSTEM'"
                    estimates.update(copying.taken(there, ["readings_reading"], where=only))
                    there.execute(POINTED)
                    filled.update(copying.taken(there, ["pointed"]))
        return seconds

    def limit(*, filling: bool) -> float:
        with bench.databases.copied(world) as here, bench.databases.as_app(here) as there:
            return timed(lambda: _read_and_put(there, estimates, filled if filling else {}))

    rounds = [
        (product(), limit(filling=False), limit(filling=True)) for _round in range(bench.rounds(5))
    ]
    reach = Reach("<=", 5)
    return [
        of_pairs("close", [(ours, put) for ours, put, _fill in rounds], reach=reach),
        of_pairs("close.filled", [(ours, fill) for ours, _put, fill in rounds], reach=reach),
    ]


def measure_growth(bench: Bench) -> list[Row]:
    """How time and memory grow: the exponent between the smallest and the largest, and two peaks."""
    sizes = [bench.size(size) * (1 + bench.quick * number) for number, size in enumerate(GROWTH)]
    fleets = [Fleet(size // 2, PAST_OF_GROWTH) for size in sizes]
    rounds = [[_grown(bench, fleet) for fleet in fleets] for _round in range(bench.rounds(3))]
    least, most = fleets[0].meters, fleets[-1].meters
    exponents = [log(large[0] / small[0]) / log(most / least) for small, *_, large in rounds]
    memory = [(large[1], small[1]) for small, *_, large in rounds]
    growth = of_pairs(
        "close_growth.exponent", [(one, 1.0) for one in exponents],
        reach=Reach("<=", 1.1), unit="exponent",
    )  # fmt: skip
    return [
        growth,
        of_pairs("close_growth.memory", memory, reach=Reach("<=", 1.3), unit="MB"),
    ]


def _close() -> None:
    closing.finish(1, now=clock.now())


def _read_and_put(there: psycopg.Connection, estimates: copying.Rows, filled: copying.Rows) -> None:
    copying.read(there, HISTORY)
    with there.transaction():
        if filled:
            there.execute("create temp table pointed (id bigint, reading_id bigint)")
        copying.put(there, estimates | filled)
        if filled:
            there.execute(POINT)


def _grown(bench: Bench, fleet: Fleet) -> tuple[float, float]:
    """Seconds, and the megabytes this process held at most meanwhile."""
    world = bench.databases.world(f"{fleet.name}_closing", fleet.build_closing)
    with bench.databases.copied(world):
        Path("/proc/self/clear_refs").write_text("5")
        seconds = timed(_close)
        return seconds, _peak()


def _peak() -> float:
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024
