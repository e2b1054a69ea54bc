"""The pages a customer meets, against bare views that know nothing else."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from itertools import cycle, islice, zip_longest

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import load, people, serving
from bench.bare import pages, skeleton
from bench.frame import Bench
from bench.people import Person
from bench.rounds import Reach, Row, interleaved, of_pairs
from bench.serving import Ports
from releveur.outbox import keys

DEVICES = 21_000
PAGES = 600
"""Asked of each side in a round, each by another person."""

MOST_QUERIES = 12


class NotTheSame(Exception):
    """The limit draws another page than the product."""


def measure_landing(bench: Bench) -> list[Row]:
    with _served(bench) as (ports, everybody):
        return [_gets(bench, "landing", ports, [one.landing for one in everybody], 0.40)]


def measure_declaration(bench: Bench) -> list[Row]:
    with _served(bench) as (ports, everybody):
        requests = [one.declaration for one in everybody]
        queries = _queries(everybody[0])
        return [
            _gets(bench, "declare", ports, requests, 0.30),
            of_pairs(
                "declare.queries", [(queries, MOST_QUERIES)], reach=Reach("<=", 1), unit="queries"
            ),
        ]


def measure_submission(bench: Bench) -> list[Row]:
    """Each form is sent once, to the one or to the other."""
    rounds = bench.rounds(5)
    with _served(bench) as (ports, everybody):
        half = len(everybody) // 2
        ours = _dealt(people.forms(everybody, "/releves")[:half], rounds)
        theirs = _dealt(people.forms(everybody, "/releves/envoyer")[half : half * 2], rounds)
        return [
            interleaved(
                "submit",
                lambda: load.rate(ports.product, next(ours), status=303),
                lambda: load.rate(ports.limit, next(theirs), status=303),
                reach=Reach(">=", 0.30), unit="forms/s", rounds=rounds,
            )
        ]  # fmt: skip


def _gets(
    bench: Bench, name: str, ports: Ports, requests: Sequence[load.Request], reach: float
) -> Row:
    people = cycle(requests)
    for port in (ports.product, ports.limit):
        load.rate(port, list(islice(people, bench.size(PAGES) // 10)))
    return interleaved(
        name,
        lambda: load.rate(ports.product, list(islice(people, bench.size(PAGES)))),
        lambda: load.rate(ports.limit, list(islice(people, bench.size(PAGES)))),
        reach=Reach(">=", reach),
        unit="pages/s",
        rounds=bench.rounds(5),
    )


@contextlib.contextmanager
def _served(bench: Bench) -> Iterator[tuple[Ports, list[Person]]]:
    """Both servers on a world where everybody is asked, and who that is."""
    world = people.asked(bench.databases, bench.size(DEVICES))
    os.environ[pages.WHERE] = str(settings.DATA_DIR)
    with (
        bench.databases.copied(world) as here,
        serving.both(bench.databases, here) as ports,
    ):
        everybody = people.everybody()
        _leave_specimens(ports, everybody)
        yield ports, everybody


def _leave_specimens(ports: Ports, everybody: Sequence[Person]) -> None:
    """The limit builds the product's own bytes: shown on a person whose page it has not seen."""
    for name in ("landing", "declaration"):
        first, last = everybody[0], everybody[-2]
        _head, page = load.ask(ports.product, getattr(first, name))
        specimen = {"page": page, "facts": _facts(name, first, page)}
        (settings.DATA_DIR / f"{name}.json").write_text(json.dumps(specimen))
        _head, ours = load.ask(ports.product, getattr(last, name))
        _head, theirs = load.ask(ports.limit, getattr(last, name))
        pages_ = [skeleton.lasting(one).splitlines() for one in (ours, theirs)]
        if unlike := [pair for pair in zip_longest(*pages_) if pair[0] != pair[1]]:
            raise NotTheSame(name, unlike[:3])


def _facts(name: str, person: Person, page: str) -> dict[str, str]:
    """Of the first person, as they stand in her page."""
    with connection.cursor() as cursor:
        if name == "landing":
            cursor.execute(pages.LANDING, [keys.hashed(person.key)])
            return pages.landing_facts(person.key, cursor.fetchone())
        cursor.execute(pages.DECLARATION, [1, 1])
        return pages.declaration_facts(cursor.fetchall()) | pages.tokens_of(page)


def _queries(person: Person) -> int:
    client = Client(headers={"host": "127.0.0.1", "cookie": person.cookies})
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/releves").status_code == 200
    return len(asked)


def _dealt(forms: Sequence[load.Request], rounds: int) -> Iterator[Sequence[load.Request]]:
    each = len(forms) // rounds
    return (forms[number * each : (number + 1) * each] for number in range(rounds))
