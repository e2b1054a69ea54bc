"""Long work in chunks: two at a time on connections of their own, the same as one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from releveur import abreast
from releveur.campaigns import closing
from releveur.campaigns.models import Campaign, DueReading
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    the_mails_leave,
)


@pytest.mark.django_db(transaction=True)
def test_two_work_at_a_time_each_on_its_own_connection_in_the_order_given() -> None:
    both = threading.Barrier(abreast.ABREAST, timeout=20)

    def work(item: int) -> tuple[int, int]:
        both.wait()
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            return item, cursor.fetchone()[0]

    done = list(abreast.each(work, range(4)))
    assert [item for item, _backend in done] == [0, 1, 2, 3]
    assert done[0][1] != done[1][1]


@pytest.mark.django_db(transaction=True)
def test_no_more_is_taken_than_is_worked_on() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10):
            taken.append(item)
            yield item

    first = next(abreast.each(lambda item: item, items()))
    assert (first, len(taken)) == (0, abreast.ABREAST + 1)


@pytest.mark.django_db(transaction=True)
def test_what_fails_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        list(abreast.each(lambda item: 1 // item, [1, 0, 1]))


@pytest.mark.django_db(transaction=True)
def test_one_alone_is_worked_on_here() -> None:
    assert list(abreast.each(lambda _item: threading.get_ident(), [1])) == [threading.get_ident()]
    assert list(abreast.each(str, [])) == []


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_all_stays_on_its_connection() -> None:
    with transaction.atomic():
        threads = set(abreast.each(lambda _item: threading.get_ident(), range(3)))
    assert threads == {threading.get_ident()}


@pytest.mark.django_db(transaction=True)
def test_a_close_of_many_chunks_estimates_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    a_dealer()
    a_contact(customer := a_customer())
    for number in range(7):
        a_device(customer, volumes={"mono": 500 + number}, mono=39_684, color=89_675)
    campaign = a_campaign()
    the_mails_leave(now=OPENED)
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.CLOSING)
    monkeypatch.setattr(closing, "CHUNK", 3)

    assert closing.finish(campaign.pk, now=OPENED) == 14
    rows = DueReading.objects.filter(campaign=campaign)
    assert rows.filter(reading__source="SYSTEM").count() == 14
    assert closing.finish(campaign.pk, now=OPENED) == 0
