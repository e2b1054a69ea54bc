from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from releveur.audit import sealing, verifying
from releveur.audit.models import Action, Entry, Seal, Unsealed
from releveur.audit.writing import SYSTEM, note
from tests.factories import OPENED

pytestmark = pytest.mark.django_db(transaction=True)


def noted(number: int = 1) -> Entry:
    return note(None, Action.CLOSE, by=SYSTEM, key=number, now=OPENED)


def elsewhere[T](verb: Callable[[], T]) -> T:
    """Done by another connection, to its end, while this one is within a transaction."""

    def alone() -> T:
        try:
            with connection.cursor() as cursor:
                cursor.execute("set lock_timeout = '5s'")
            return verb()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(alone).result(timeout=20)


def sealed() -> list[list[int]]:
    return [[number for number, _digest in one.digests] for one in Seal.objects.order_by("pk")]


def test_what_commits_late_with_a_lower_number_is_sealed_next_and_not_passed_over() -> None:
    with transaction.atomic():
        late = noted()
        early = elsewhere(noted)
        assert early.pk > late.pk
        assert elsewhere(sealing.seal) == 1
    assert sealing.seal() == 1
    assert sealed() == [[early.pk], [late.pk]]
    assert not verifying.verify().found


def test_what_is_undone_leaves_nothing_to_seal() -> None:
    with transaction.atomic():
        noted()
        transaction.set_rollback(True)
    assert sealing.seal() == 0
    assert not Seal.objects.exists()


def test_a_second_worker_leaves_the_sealing_to_the_first() -> None:
    noted()
    with transaction.atomic():
        assert sealing.seal() == 1
        assert elsewhere(sealing.seal) == 0
    assert len(sealed()) == 1


def test_many_entries_are_sealed_in_chunks_and_the_chain_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sealing, "CHUNK", 2)
    numbers = [noted(number).pk for number in range(5)]
    assert sealing.seal() == 5
    assert sealed() == [numbers[:2], numbers[2:4], numbers[4:]]
    assert not Unsealed.objects.exists()
    seen = verifying.verify(expect=Seal.objects.order_by("pk")[0].hash)
    assert (seen.seals, seen.entries, seen.found) == (3, 5, [])


def test_with_nothing_new_sealing_is_one_query(
    django_assert_num_queries: Callable[..., object],
) -> None:
    noted()
    sealing.seal()
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        sealing.seal()


def test_verifying_ten_times_as_many_costs_no_query_more_a_seal(
    django_assert_max_num_queries: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        noted(number)
    sealing.seal()
    with django_assert_max_num_queries(6):  # type: ignore[attr-defined]
        assert verifying.verify().entries == 40
