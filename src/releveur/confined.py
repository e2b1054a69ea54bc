"""What a bounded child does: it takes its limits, then runs one function on what it is sent.

`releveur.bounded` starts it. Nothing here, nor in a function that runs here, knows Django, the database or a
secret: whoever takes the child over by a clever file finds an empty room.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import resource
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

REFUSED, TOO_MUCH, NO_ROOM = 3, 4, 5
"""What the child ends with; 0 is an answer, anything else a crash."""

_ENDS_WITH = {errno.EFBIG: TOO_MUCH, errno.ENOMEM: TOO_MUCH, errno.ENOSPC: NO_ROOM}


class Refusal(Exception):
    """The function does not want what it was sent: a reason in one word or sentence, and its words."""

    def __init__(self, reason: str, words: Mapping[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.words = dict(words or {})


def main() -> None:
    """Run the function that the order names, and end."""
    order = json.loads(sys.argv[1])
    _take(**order["limits"])
    try:
        function = getattr(importlib.import_module(order["module"]), order["function"])
        function(sys.stdin.buffer, sys.stdout.buffer, **order["words"])
        sys.stdout.buffer.flush()
    except Refusal as refusal:
        _say([refusal.reason, refusal.words])
        os._exit(REFUSED)
    except MemoryError:
        os._exit(TOO_MUCH)
    except OSError as fault:
        if fault.errno in _ENDS_WITH:
            os._exit(_ENDS_WITH[fault.errno])
        raise
    os._exit(0)


def _take(*, memory: int, processor: int, answer: int) -> None:
    """No more memory, time or disk than this; first to go where the machine runs out of memory."""
    for what, most, reserve in (
        (resource.RLIMIT_AS, memory, 0),
        # At the first limit it is told to end, which says why; only then is it killed.
        (resource.RLIMIT_CPU, processor, 1),
        (resource.RLIMIT_FSIZE, answer, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        hard = resource.getrlimit(what)[1]
        end = most + reserve if hard == resource.RLIM_INFINITY else min(most + reserve, hard)
        resource.setrlimit(what, (min(most, end), end))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123  # quick to start
        score.write("1000")


def _say(what: object) -> None:
    """In place of what was answered so far; what is still on its way to the file is given up."""
    os.ftruncate(1, 0)
    os.lseek(1, 0, os.SEEK_SET)
    os.write(1, json.dumps(what).encode())
