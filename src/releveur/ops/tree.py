"""A small tree of processes: a supervisor and its children, which live and end together."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

GRACE_SECONDS = 25
"""What children get to finish; below the 30 s after which systemd and others kill."""

SHORTEST_LIFE_SECONDS = 10
"""A child that dies younger would die again."""


@dataclass(slots=True)
class Child:
    name: str
    command: Sequence[str]
    renewed: bool = False
    """Whether another is started when it dies; else its death ends the tree."""

    process: subprocess.Popen[bytes] = field(init=False)
    born_at: float = field(init=False)

    def start(self) -> None:
        # A session of its own: Ctrl-C reaches the supervisor only, which tells the children in its order.
        self.process = subprocess.Popen(
            self.command,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  # the supervisor has one thread
        )
        self.born_at = time.monotonic()

    def may_be_renewed(self) -> bool:
        return self.renewed and time.monotonic() - self.born_at > SHORTEST_LIFE_SECONDS


def run(
    children: Sequence[Child], *, say: Callable[[str], object], watch: Callable[[], object]
) -> int:
    """Run until SIGTERM or SIGINT (0), or until a child ends that cannot be renewed (1).

    :param watch: called once a second
    """
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: asked.append(received))
    for child in children:
        child.start()
    try:
        code = _keep_alive(children, asked, say=say, watch=watch)
    finally:
        _end(children)
    return code


def _keep_alive(
    children: Sequence[Child],
    asked: Sequence[int],
    *,
    say: Callable[[str], object],
    watch: Callable[[], object],
) -> int:
    watched_at = time.monotonic()
    while not asked:
        time.sleep(0.2)
        for child in children:
            if child.process.poll() is None:
                continue
            if not child.may_be_renewed():
                say(f"{child.name} ended with {child.process.returncode}: stopping")
                return 1
            say(f"{child.name} ended with {child.process.returncode}: starting another")
            child.start()
        if time.monotonic() - watched_at >= 1:
            watch()
            watched_at = time.monotonic()
    return 0


def _end(children: Sequence[Child]) -> None:
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.1, deadline - time.monotonic()))
        # Granian's own children outlive a killed parent; the group ends with the child.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)


def releveur(*arguments: str) -> list[str]:
    """The command line of one of our own commands, for a child."""
    return [sys.executable, "-m", "releveur", *arguments]


def _die_with_parent() -> None:
    """Linux tells the child when its supervisor is killed: no orphan keeps the port."""
    if sys.platform == "linux":
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)
