"""Chunks of long work, two at a time: while the database writes one, the next is worked out here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice

from django.db import connection

ABREAST = 2


def each[Item, Done](work: Callable[[Item], Done], items: Iterable[Item]) -> Iterator[Done]:
    """Work on each item, on a connection of its own, and yield what comes of it, in their order.

    No more items are taken than are worked on, and the next. One alone is worked on here; so is each
    inside a transaction, which no other connection sees.

    :param work: a transaction of its own, whose items have no row in common
    """
    items = iter(items)
    start = list(islice(items, 2))
    if connection.in_atomic_block or len(start) < 2:
        yield from map(work, chain(start, items))
        return
    with ThreadPoolExecutor(ABREAST) as hands:
        under_way: deque[Future[Done]] = deque()
        for item in chain(start, items):
            if len(under_way) == ABREAST:
                yield under_way.popleft().result()
            under_way.append(hands.submit(_apart, work, item))
        while under_way:
            yield under_way.popleft().result()


def _apart[Item, Done](work: Callable[[Item], Done], item: Item) -> Done:
    try:
        return work(item)
    finally:
        connection.close()
