"""Work done by several processes at once, and timed from the moment all of them are ready."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier

import django
from django.utils.module_loading import import_string

OTHER_PROCESS = multiprocessing.get_context("spawn")
LONGEST_SECONDS = 240

type Job = tuple[str, tuple[object, ...]]
"""The full name of a function, and what it is called with."""


def together(jobs: Sequence[Job]) -> float:
    """Seconds until all of these are done.

    :raises BrokenBarrierError: one of them failed, and said why
    """
    ready, done = (OTHER_PROCESS.Barrier(len(jobs) + 1) for _barrier in range(2))
    workers = [OTHER_PROCESS.Process(target=_work, args=(*job, ready, done)) for job in jobs]
    for worker in workers:
        worker.start()
    try:
        ready.wait(LONGEST_SECONDS)
        begin = time.perf_counter()
        done.wait(LONGEST_SECONDS)
        return time.perf_counter() - begin
    finally:
        for worker in workers:
            worker.join(1)
            worker.kill()


def _work(name: str, arguments: tuple[object, ...], ready: Barrier, done: Barrier) -> None:
    """Of this module, so that a fresh process loads no model before the settings."""
    try:
        django.setup()
        work = import_string(name)
        ready.wait()
        work(*arguments)
        done.wait()
    except BaseException:
        ready.abort()
        done.abort()
        raise
