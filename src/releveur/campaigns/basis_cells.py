"""The cells of the basis as texts, made by the database: a line has thirty of them, a basis 300,000 lines.

One statement makes every line that a CSV has, whether the signature stored it, it would store it now, or it
is a total: what a day, a volume and a text look like is said here and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import batched

from django.db import connection
from psycopg import sql

from releveur.campaigns.profile import Profile
from releveur.importing.formulas import BEGINS

type Printed = Mapping[str, str | int | None]

VOLUMES = ("net", "of_this_period", "regularisation")
NUMBERS = ("previous_value", "new_value")
DATES = ("due_on", "previous_on", "new_on")
SUMMED = ("meter", *DATES, *VOLUMES)
AT_A_TIME = 2_000

SUMS = """
    SELECT meter, due_on, previous_on, new_on,
        sum(net)::bigint, sum(of_this_period)::bigint, sum(regularisation)::bigint
    FROM (
        SELECT printed->>'meter' AS meter, printed->>'due_on' AS due_on, printed->>'previous_on' AS previous_on,
            printed->>'new_on' AS new_on, (printed->>'net')::bigint AS net,
            (printed->>'of_this_period')::bigint AS of_this_period,
            (printed->>'regularisation')::bigint AS regularisation
        FROM campaigns_basisline WHERE campaign_id = %s OFFSET 0
    ) AS line
    GROUP BY meter, due_on, previous_on, new_on
"""
"""`OFFSET 0` makes the database sort these few values and not the whole lines."""

STORED = sql.SQL(
    "SELECT printed FROM campaigns_basisline WHERE campaign_id = {campaign} ORDER BY position"
)
GIVEN = sql.SQL(
    "SELECT printed FROM jsonb_array_elements({lines}::jsonb) WITH ORDINALITY AS given (printed, position)"
    " ORDER BY position"
)
COPY = sql.SQL(
    "COPY (SELECT {cells} FROM (SELECT {texts} FROM ({lines}) AS line OFFSET 0) AS told)"
    " TO STDOUT (FORMAT csv, DELIMITER {separator})"
)
"""`OFFSET 0` takes each text out of its line once, and not for each time it is looked at."""

TEXT = sql.SQL(
    "CASE WHEN ascii({name}) IN ({begins}) THEN '''' || {name} ELSE nullif({name}, '') END"
)
"""As `formulas.neutral`. Of UTF-8, `ascii` says which letter comes first, whatever it is."""
VOLUME = sql.SQL("{name} || {decimals}")
DAY = sql.SQL("{days}::jsonb ->> {name}")


def sums(campaign: int) -> list[Printed]:
    """The volumes of a signed basis, of lines with the same kind of meter and the same days together."""
    with connection.cursor() as cursor:
        cursor.execute(SUMS, [campaign])
        return [dict(zip(SUMMED, row, strict=True)) for row in cursor.fetchall()]


class Texts:
    """How the cells of one profile are made.

    :param state: of the lines that do not say their own
    :param dated: lines that name every day there is
    """

    def __init__(self, profile: Profile, *, state: str, dated: Iterable[Printed]) -> None:
        days = {str(line[key]) for line in dated for key in DATES if line[key]}
        self.profile = profile
        self.state = state
        self.days = {day: f"{date.fromisoformat(day):{profile.date_format}}" for day in days}

    def stored(self, campaign: int) -> Iterator[str]:
        """The lines of a signed basis, many at a time; nothing else may ask the database before the last one is read."""
        return self._copied(STORED.format(campaign=sql.Literal(campaign)))

    def given(self, lines: Iterable[Printed]) -> Iterator[str]:
        """The same of lines at hand."""
        for some in batched(lines, AT_A_TIME):
            said = sql.Literal(json.dumps([dict(line) for line in some]))
            yield from self._copied(GIVEN.format(lines=said))

    def _copied(self, lines: sql.Composable) -> Iterator[str]:
        statement = COPY.format(
            cells=sql.SQL(", ").join(self._cells()),
            texts=sql.SQL(", ").join(self._text(key) for key in self.profile.columns),
            lines=lines,
            separator=sql.Literal(self.profile.separator),
        )
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            # COPY gives one row at a time, ended by a bare line feed.
            for rows in batched(copy, AT_A_TIME):
                yield b"".join(bytes(row)[:-1] + b"\r\n" for row in rows).decode()

    def _text(self, key: str) -> sql.Composable:
        text: sql.Composable = sql.SQL("printed->>{}").format(sql.Literal(key))
        if key == "state":
            text = sql.SQL("coalesce({}, {})").format(text, sql.Literal(self.state))
        return sql.SQL("{} AS {}").format(text, sql.Identifier(key))

    def _cells(self) -> Sequence[sql.Composable]:
        cells = [self._cell(key) for key in self.profile.columns]
        # A line that is one empty cell is quoted, or it would be no line.
        alone = sql.SQL("coalesce({}, '')").format(cells[0])
        return cells if len(cells) > 1 else [alone]

    def _cell(self, key: str) -> sql.Composable:
        name, profile = sql.Identifier(key), self.profile
        if key in DATES:
            return DAY.format(days=sql.Literal(json.dumps(self.days)), name=name)
        if key in VOLUMES and profile.decimals:
            decimals = profile.decimal_sign + "0" * profile.decimals
            return VOLUME.format(name=name, decimals=sql.Literal(decimals))
        if key in VOLUMES + NUMBERS:
            return name
        begins = sql.SQL(", ").join(sql.Literal(ord(letter)) for letter in BEGINS)
        return TEXT.format(name=name, begins=begins)
