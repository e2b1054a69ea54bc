"""How often a company may change its mind in a day, so that nobody fills the dealer's mailbox."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from releveur.appointments import asking
from releveur.appointments.asking import Wanted
from releveur.outbox.models import Mail
from tests.factories import OPENED, a_contact, a_customer, a_device
from tests.test_appointments import LATER, asks, customer, device, wanted

__all__ = ["customer", "device", "wanted"]

pytestmark = pytest.mark.django_db


def other_words(wanted: Wanted) -> Iterator[Wanted]:
    """The same request, each time with another word for the technician."""
    for number in range(20):
        yield replace(wanted, words=f"{number}")


def test_a_company_that_changes_its_mind_all_day_is_stopped_and_may_still_cancel(
    wanted: Wanted,
) -> None:
    many = other_words(wanted)
    for one in itertools.islice(many, asking.MOST_A_DAY):
        asked = asks(one)
    with pytest.raises(asking.TooManyToday):
        asks(next(many), now=LATER)
    asked.refresh_from_db()
    assert asks(asking.standing(asked), now=LATER) == asked, "the same again is no change"
    assert Mail.objects.filter(kind="to_dealer").count() == asking.MOST_A_DAY

    asking.cancel(asked, now=LATER)
    with pytest.raises(asking.TooManyToday):
        asks(next(many), now=LATER)
    assert asks(next(many), now=OPENED + timedelta(days=1)).sequence == 0


def test_another_company_is_not_stopped_by_it(wanted: Wanted) -> None:
    for one in itertools.islice(other_words(wanted), asking.MOST_A_DAY):
        asks(one)
    other = a_customer(code="CL001008", name="Gramont Immobilier")
    theirs = replace(wanted, devices=frozenset({a_device(other).pk}))
    assert asking.ask(other, theirs, by=a_contact(), now=LATER).pk


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_make_no_change_too_many(wanted: Wanted) -> None:
    many = other_words(wanted)
    for one in itertools.islice(many, asking.MOST_A_DAY - 1):
        asks(one)

    def click(one: Wanted) -> bool:
        try:
            return bool(asks(one, now=LATER))
        except asking.TooManyToday:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as clicks:
        made = list(clicks.map(click, [next(many), next(many)]))
    assert sorted(made) == [False, True]
    assert Mail.objects.filter(kind="to_dealer").count() == asking.MOST_A_DAY
