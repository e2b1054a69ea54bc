"""Many callers at the same instant, each on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection


def together[T](count: int, act: Callable[[int], T]) -> Sequence[T | Exception]:
    """Call `act(0)` … `act(count - 1)` at one instant, a thread and a connection each.

    :returns: what each returned, or the exception it raised, in order
    """
    ready = Barrier(count)

    def one(number: int) -> T | Exception:
        try:
            connection.ensure_connection()
            ready.wait(30)
            return act(number)
        except Exception as fault:  # noqa: BLE001  # the test says which faults are right
            return fault
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def raised(outcomes: Sequence[object]) -> list[Exception]:
    """The exceptions among them."""
    return [one for one in outcomes if isinstance(one, Exception)]
