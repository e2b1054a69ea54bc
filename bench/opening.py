"""Opening a campaign: what is due, who is asked, and the notices owed, against COPY of the same rows."""

from __future__ import annotations

from bench import copying
from bench.databases import Databases
from bench.frame import Bench
from bench.rounds import Reach, Row, interleaved, timed
from bench.worlds import Fleet
from releveur import clock
from releveur.campaigns import opening

METERS = 300_000
WRITTEN = (
    "campaigns_campaign",
    "campaigns_duereading",
    "campaigns_invitation",
    "campaigns_asked",
    "campaigns_notice",
)


def measure(bench: Bench) -> list[Row]:
    fleet = Fleet(bench.size(METERS) // 2)
    world = bench.databases.world(fleet.name, fleet.build)
    rows: copying.Rows = {}

    def product() -> float:
        with bench.databases.copied(world) as here:
            seconds = timed(lambda: opening.open_campaign(clock.today(), now=clock.now()))
            if not rows:
                rows.update(_taken(bench.databases, here))
        return seconds

    def limit() -> float:
        with bench.databases.copied(world) as here, bench.databases.as_app(here) as there:
            return timed(lambda: copying.put(there, rows))

    return [interleaved("open", product, limit, reach=Reach("<=", 2.5), rounds=bench.rounds(5))]


def _taken(databases: Databases, here: str) -> copying.Rows:
    with databases.connect(here) as there:
        return copying.taken(there, WRITTEN)
