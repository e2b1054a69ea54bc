"""Places of which this machine has only so many, for whatever takes much of it: whoever finds none waits a while.

A place is a file that is locked. The system lets go of it with whoever dies, so that none is lost.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOOKS_AGAIN_SECONDS = 0.05


class NoPlace(Exception):
    """All are taken, and stayed so while we waited."""


@contextmanager
def place(folder: Path, *, of: int, patience: float) -> Iterator[None]:
    """Hold one of so many places.

    :param folder: of the machine's own, for all its processes; made where it is missing
    :param patience: seconds
    :raises NoPlace: none became free
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    end = time.monotonic() + patience
    while (held := _free(folder, of)) is None:
        if time.monotonic() > end:
            raise NoPlace
        time.sleep(_LOOKS_AGAIN_SECONDS)
    try:
        yield
    finally:
        os.close(held)


def _free(folder: Path, most: int) -> int | None:
    for number in range(most):
        file = os.open(folder / str(number), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        os.close(file)
    return None
