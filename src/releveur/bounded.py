"""Work on bytes that somebody sent us, in a child Python whose limits stand before it looks at them.

A picture or a workbook may unpack to anything, loop for hours, or crash the library that reads it. Here it
is one function of ours (`confined` tells what it may know) in a process of its own: what goes wrong ends
that process and nothing else, and the caller gets a typed refusal. The child is started anew, never forked
from a process with threads, and inherits neither files nor environment. No more than `AT_ONCE` work at a time on a
machine, whoever starts them: a hundred photos at one instant take no more of its memory than these.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from releveur import confined, places
from releveur.confined import Refusal

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
MOST_SAID = 2_000
"""Characters of a crash that go to the log."""

AT_ONCE = max(2, os.cpu_count() or 1)
"""As many as the machine has processors: more would only wait for one another, with all their memory."""

_WITHOUT_MEMORY = (confined.TOO_MUCH, -signal.SIGABRT, -signal.SIGKILL)
"""Python says so; C++ and Rust abort; the system kills."""

_CHILD = "import sys, json; sys.path[:] = json.loads(sys.argv[2]); from releveur import confined; confined.main()"


class Unfinished(Exception):
    """The child did not answer."""


class TooMuch(Unfinished):
    """It wanted more memory, or to answer more, than it may."""


class TooSlow(Unfinished):
    """It took more time than it may."""


class Failed(Unfinished):
    """It crashed; the log says how."""


class Busy(Unfinished):
    """So many others work that it never began."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of memory (address space) and answer in bytes; of the processor and of the clock in seconds.

    `patience`: the seconds it waits to begin.
    """

    memory: int
    answer: int
    processor: int
    seconds: int
    patience: int = 10


def run(
    function: Callable[..., None], source: bytes | IO[bytes], limits: Limits, **words: Any
) -> IO[bytes]:
    """Call `function(source, answer, **words)` in a child, and return what it answered as a file to close.

    :param function: of a module without Django, at its top level
    :param source: bytes, or a file of the system's, from where it stands
    :param words: what JSON can say
    :raises Refusal: the function's own
    :raises TooMuch, TooSlow, Failed: a limit was reached, or it crashed
    :raises Busy: too many others are at work
    :raises OSError: there is no room for the answer
    """
    answer = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    try:
        with places.place(_folder(), of=AT_ONCE, patience=limits.patience):
            _wait(_command(function, limits, words), source, answer, limits)
    except places.NoPlace:
        answer.close()
        raise Busy from None
    except BaseException:
        answer.close()
        raise
    answer.seek(0)
    return answer


def _folder() -> Path:
    return Path(settings.DATA_DIR, "at_work")


def _command(function: Callable[..., None], limits: Limits, words: dict[str, Any]) -> list[str]:
    order = {
        "module": function.__module__,
        "function": function.__name__,
        "limits": {
            "memory": limits.memory,
            "answer": limits.answer,
            "processor": limits.processor,
        },
        "words": words,
    }
    places = [os.path.abspath(place) for place in sys.path]  # noqa: PTH100  # no links followed
    compiled = ["-X", f"pycache_prefix={sys.pycache_prefix}"] if sys.pycache_prefix else []
    unwritten = ["-B"] if sys.dont_write_bytecode else []
    python = [sys.executable, "-I", "-S", *compiled, *unwritten, "-c", _CHILD]
    return [*python, json.dumps(order), json.dumps(places)]


def _wait(command: list[str], source: bytes | IO[bytes], answer: IO[bytes], limits: Limits) -> None:
    sent = source if isinstance(source, bytes) else None
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command, stdin=subprocess.PIPE if isinstance(source, bytes) else source,
            stdout=answer, stderr=said, env=_environment(),
        ) as child,
    ):  # fmt: skip
        try:
            child.communicate(sent, timeout=limits.seconds)
        except subprocess.TimeoutExpired:
            raise TooSlow from None
        finally:
            child.kill()
        _judge(child.returncode, answer, said)


def _environment() -> dict[str, str]:
    """No secret, no address of a database; one arena, as each costs address space."""
    kept = {key: os.environ[key] for key in ("LD_LIBRARY_PATH", "TMPDIR") if key in os.environ}
    return {"MALLOC_ARENA_MAX": "1", **kept}


def _judge(code: int, answer: IO[bytes], said: IO[bytes]) -> None:
    if code == 0:
        return
    if code == confined.REFUSED:
        answer.seek(0)
        raise Refusal(*json.load(answer))
    if code == confined.NO_ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if code in _WITHOUT_MEMORY:
        raise TooMuch
    if code == -signal.SIGXCPU:
        raise TooSlow
    said.seek(0)
    log.error(
        "a bounded child ended with %s: %s", code, said.read()[-MOST_SAID:].decode(errors="replace")
    )
    raise Failed
