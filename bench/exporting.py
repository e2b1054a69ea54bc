"""The signed basis as files, against COPY of its lines and the workbook library left alone."""

from __future__ import annotations

import io

from openpyxl import Workbook

from bench import copying
from bench.frame import Bench
from bench.rounds import Reach, Row, interleaved, timed
from bench.worlds import Fleet
from releveur.campaigns import basis_file, basis_workbook
from releveur.campaigns.models import Campaign
from releveur.campaigns.profile import OURS

LINES = 300_000
LINES_OF_A_WORKBOOK = 60_000
"""The library alone writes ten cells in a ten-thousandth of a second: more lines, same ratio, no time left."""

STORED = "select printed from campaigns_basisline where campaign_id = 1 order by position"


def measure_csv(bench: Bench) -> list[Row]:
    fleet = Fleet(bench.size(LINES) // 2)
    world = bench.databases.world(f"{fleet.name}_signed", fleet.build_signed)
    with bench.databases.use(world), bench.databases.as_app(world) as there:
        campaign = Campaign.objects.get()
        row = interleaved(
            "export.csv",
            lambda: timed(lambda: basis_file.as_csv(campaign)),
            lambda: timed(lambda: copying.read(there, STORED)),
            reach=Reach("<=", 2.5),
            rounds=bench.rounds(5),
        )
    return [row]


def measure_workbook(bench: Bench) -> list[Row]:
    fleet = Fleet(bench.size(LINES_OF_A_WORKBOOK) // 2)
    world = bench.databases.world(f"{fleet.name}_signed", fleet.build_signed)
    with bench.databases.use(world):
        campaign = Campaign.objects.get()
        rows = [list(map(row.get, OURS.columns)) for row in basis_file.rows(campaign, OURS)]
        row = interleaved(
            "export.xlsx",
            lambda: timed(lambda: basis_workbook.as_xlsx(campaign)),
            lambda: timed(lambda: _bare(rows)),
            reach=Reach("<=", 1.6),
            rounds=bench.rounds(3),
        )
    return [row]


def _bare(rows: list[list[str | int | None]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
