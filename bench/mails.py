"""Five thousand mails by two workers: ready ones delivered, and owed ones written and delivered."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from multiprocessing.synchronize import Event

from django.db import connection

from bench import people
from bench.databases import COPY, Databases
from bench.frame import Bench
from bench.rounds import Measure, Reach, Row, interleaved
from bench.sinking import sinking
from bench.together import OTHER_PROCESS, together
from bench.worlds import DEVICES_A_CUSTOMER
from releveur import clock
from releveur.campaigns import mailing
from releveur.outbox import composing, delivering
from releveur.outbox.models import Mail
from releveur.outbox.smtp import Server

MAILS = 5_000
WORKERS = 2

type Message = tuple[str, str, bytes]


def measure_delivery(bench: Bench) -> list[Row]:
    """Rows written before: lease, compose, send, mark one by one."""
    world = _written(bench)
    with sinking() as port:
        row = interleaved(
            "mail_deliver",
            _product(bench.databases, world, port),
            _limit(bench.databases, world, port),
            reach=Reach(">=", 0.5), unit="mails/s", rounds=bench.rounds(5),
        )  # fmt: skip
    return [row]


def measure_all(bench: Bench) -> list[Row]:
    """From the notice owed to the mail gone: claim, render, store, and all of the above."""
    written, owed = _written(bench), people.asked(bench.databases, _devices(bench))
    with sinking() as port:
        row = interleaved(
            "mail_all",
            _product(bench.databases, owed, port, writes=True),
            _limit(bench.databases, written, port),
            reach=Reach(">=", 0.3), unit="mails/s", rounds=bench.rounds(5),
        )  # fmt: skip
    return [row]


def _devices(bench: Bench) -> int:
    return bench.size(MAILS) * DEVICES_A_CUSTOMER


def _written(bench: Bench) -> str:
    """A world in which every mail is written and none has left."""
    asked = people.asked(bench.databases, _devices(bench))
    return bench.databases.grown(
        f"{asked}_written", asked, lambda: mailing.write_due(now=clock.now())
    )


def _product(databases: Databases, world: str, port: int, *, writes: bool = False) -> Measure:
    def measure() -> float:
        with databases.copied(world):
            over = OTHER_PROCESS.Event()
            first = write_and_deliver if writes else deliver
            seconds = together([(_name(one), (COPY, port, over)) for one in (first, help_deliver)])
            sent = Mail.objects.filter(state=Mail.State.SENT).count()
            assert not Mail.objects.exclude(state=Mail.State.SENT).exists()
        return sent / seconds

    return measure


def _limit(databases: Databases, world: str, port: int) -> Measure:
    with databases.use(world):
        now = clock.now()
        messages = [
            (*composing.envelope(mail)[:2], composing.compose(mail, date=now))
            for mail in Mail.objects.order_by("pk")
        ]
    halves = [messages[number::WORKERS] for number in range(WORKERS)]
    jobs = [(_name(hand_over), (port, half)) for half in halves]
    return lambda: len(messages) / together(jobs)


def _name(work: Callable[..., None]) -> str:
    return f"{work.__module__}.{work.__name__}"


def deliver(database: str, port: int, over: Event) -> None:
    over.set()
    help_deliver(database, port, over)


def write_and_deliver(database: str, port: int, over: Event) -> None:
    """As in production one worker writes, and then both deliver."""
    connection.settings_dict["NAME"] = database
    mailing.write_due(now=clock.now())
    deliver(database, port, over)


def help_deliver(database: str, port: int, over: Event) -> None:
    connection.settings_dict["NAME"] = database
    sink = Server("127.0.0.1", port)
    while True:
        nothing_comes = over.is_set()
        done = delivering.deliver_due(now=clock.now(), server=sink)
        if nothing_comes:
            return
        if not done.sent:
            over.wait(0.05)


def hand_over(port: int, messages: list[Message]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for sender, to, message in messages:
            server.sendmail(sender, [to], message)
