"""Whatever people do, in whatever order, a period has one reading, nobody is reminded after an answer,
nobody is estimated beside a real reading, what is billed adds up to the pages printed, and what was
signed never changes.

Hypothesis opens, declares, corrects, undoes, hands over, stops mails, pauses, closes, signs, puts a dump of the
database back, lets the mail server put everything off and goes on to the next quarter, in any order, on the
real verbs, a real PostgreSQL and a real mail server (`desk.py`); after each action the database is asked whether all of this holds
(`invariants.py`). Red runs can be repeated; `RELEVEUR_TEST_NIGHT=1` tries others, for an hour.

Without `reminding.withhold_answered` in `campaigns/answering.py: answer`, a reminder waits for somebody
who answered.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from tests import sink
from tests.factories import a_contact, a_contract, a_customer, a_dealer, a_device, a_proof
from tests.faults import dumps
from tests.faults.desk import Desk
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = os.environ.get("RELEVEUR_TEST_NIGHT", "") == "1"
TRIED = settings(
    max_examples=2_000 if NIGHT else 12,
    stateful_step_count=50 if NIGHT else 25,
    derandomize=not NIGHT,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def post(settings: Settings) -> Iterator[Sink]:
    with sink.listening() as listening:
        settings.SMTP = {"host": listening.server.host, "port": listening.server.port}
        yield listening


def a_fleet() -> None:
    """A customer with two devices, and one whose contract forbids estimates."""
    a_dealer()
    a_proof()
    a_contact(gramont := a_customer())
    a_device(gramont, serial="3900000001", mono=39_684, color=89_675)
    a_device(gramont, serial="3900000002", mono=12_000)
    strict = a_customer(code="CL002000", name="Mairie")
    a_contact(strict, email="bob@mairie.example", first_name="Bob")
    contract = a_contract(strict, estimation_allowed=False)
    a_device(strict, serial="3900000003", contract=contract, mono=500)


def test_whatever_people_do_the_books_are_in_order(post: Sink) -> None:
    a_fleet()
    Desk.world, Desk.sink = dumps.take(), post
    run_state_machine_as_test(Desk, settings=TRIED)
