"""The pages of a customer in a large house and in a small one: she must not notice which it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from django.db import connection
from django.test import Client

from bench import load, people, serving
from bench.frame import Bench
from bench.people import Person
from bench.rounds import Reach, Row, interleaved, of_pairs
from bench.worlds import DEVICES_A_CUSTOMER

READINGS, FEW_READINGS = 2_000_000, 20_000
PAST, METERS = 8, 2
ASKED = 600
SMALL = 1_000
"""Rows of a table that is read whole sooner than looked up."""

PLAN = "explain (format text) "


def measure(bench: Bench) -> list[Row]:
    large, small = (_devices(bench, size) for size in (READINGS, FEW_READINGS))
    with ExitStack() as stack:
        sides = [
            _side(bench, stack, devices, f"bench_{size}")
            for devices, size in ((large, "large"), (small, "small"))
        ]
        rows = [
            interleaved(
                f"pages_at_size.{page}",
                lambda page=page: _seconds(*sides[0], page),  # type: ignore[misc]
                lambda page=page: _seconds(*sides[1], page),  # type: ignore[misc]
                reach=Reach("<=", 1.3), unit="ms/page", rounds=bench.rounds(5),
            )
            for page in PAGES
        ]  # fmt: skip
        with bench.databases.use("bench_large"):
            scans = sorted({scan for page in PAGES for scan in _scans(sides[0][1][0], page)})
    read_whole = of_pairs(
        f"pages_at_size.scans {' '.join(scans)}".strip(),
        [(len(scans), 1)], reach=Reach("<=", 0), unit="tables",
    )  # fmt: skip
    return [*rows, read_whole]


type Page = Callable[[Person, int], str]

PAGES: dict[str, Page] = {
    "landing": lambda person, _device: f"/r/{person.key}",
    "declare": lambda _person, _device: "/releves",
    "history": lambda _person, device: f"/releves/materiel/{device}",
    "sheet": lambda _person, _device: "/releves/feuille",
}


def _side(bench: Bench, stack: ExitStack, devices: int, name: str) -> tuple[int, list[Person]]:
    world = people.asked(bench.databases, devices, past=PAST)
    stack.enter_context(bench.databases.copied(world, name))
    everybody = people.everybody()
    port = stack.enter_context(serving.product(bench.databases, name))
    return port, everybody


def _seconds(port: int, everybody: Sequence[Person], page: str) -> float:
    """Milliseconds a page, asked of people from one end of the house to the other."""
    step = max(len(everybody) // ASKED, 1)
    asked = list(enumerate(everybody))[::step][:ASKED]
    requests = [_request(person, number, page) for number, person in asked]
    return 1_000 / load.rate(port, requests)


def _request(person: Person, number: int, page: str) -> load.Request:
    return load.get(PAGES[page](person, _first_device(number)), cookies=person.cookies)


def _first_device(customer: int) -> int:
    return customer * DEVICES_A_CUSTOMER + 1


def _devices(bench: Bench, readings: int) -> int:
    return bench.size(readings // PAST // METERS)


def _scans(person: Person, page: str) -> set[str]:
    """The tables of some size that a page reads from end to end, by the plans of its queries."""
    found: set[str] = set()

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith("SELECT"):
            with connection.connection.cursor() as cursor:
                cursor.execute(PLAN + sql, params)
                for (line,) in cursor.fetchall():
                    if "Seq Scan on " in line:
                        found.add(line.split("Seq Scan on ")[1].split()[0])
        return execute(sql, params, many, context)

    client = Client(headers={"host": "127.0.0.1", "cookie": person.cookies})
    with connection.execute_wrapper(look):
        assert client.get(PAGES[page](person, _first_device(0))).status_code == 200
    return {table for table in found if _rows(table) > SMALL}


def _rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select reltuples::bigint from pg_class where relname = %s", [table])
        found = cursor.fetchone()
    return int(found[0]) if found else 0
