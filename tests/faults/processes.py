"""Real processes of the product on the database of the running test: started, awaited, killed.

A test that uses them is `django_db(transaction=True)`: they see only what is committed. Whatever is
still running when `started` ends is killed, for the tables are emptied after the test.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Thread

import pytest
from django.conf import settings
from django.db import connection

from releveur import knobs, postgres

SECONDS = 60.0
"""The longest anything here is waited for."""

_DJANGO = "import django; django.setup()\n"


def environment(**more: str) -> dict[str, str]:
    """What a process needs to work on the database of this test, as the application's role.

    :param more: further variables, knobs and others: `RELEVEUR_SMTP_URL="smtp://127.0.0.1:2526"`
    """
    server = settings.POSTGRES
    assert server, "tests/settings.py embeds one"
    name = connection.settings_dict["NAME"]
    ours = {knob.name for knob in knobs.KNOBS}
    return {
        **{key: value for key, value in os.environ.items() if key not in ours},
        "DATABASE_URL": server.conninfo(name=name),
        "RELEVEUR_OWNER_URL": server.conninfo(user=postgres.OWNER, name=name),
        "RELEVEUR_DATA_DIR": str(settings.DATA_DIR),
        "RELEVEUR_TEST_CLOCK": "1",
        "RELEVEUR_POOL": "0",
        "RELEVEUR_SMTP_URL": "smtp://127.0.0.1:9",
        "DJANGO_SETTINGS_MODULE": "releveur.settings",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


class Process:
    """One process; what it prints on stdout and stderr is kept, line by line."""

    def __init__(self, command: list[str], *, env: Mapping[str, str]) -> None:
        self.popen = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self._changed = Condition()
        self._over = False
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def says(self, words: str, *, seconds: float = SECONDS) -> str:
        """Wait until a line holds these words, and return it; fail when it ends without them."""
        with self._changed:
            self._changed.wait_for(lambda: self._line(words) or self._over, seconds)
        line = self._line(words)
        assert line is not None, f"it never said « {words} », but:\n{self.said}"
        return line

    def tell(self, line: str = "") -> None:
        """Write a line to its stdin: whoever waits there goes on."""
        assert self.popen.stdin
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()

    def ends(self, *, seconds: float = SECONDS) -> int:
        """Wait for its end and return the exit code: negative where a signal ended it."""
        code = self.popen.wait(seconds)
        self._reader.join(seconds)
        return code

    def kill(self) -> None:
        """SIGKILL: nothing in it gets to run any more."""
        self.popen.kill()
        self.ends()

    def stop(self, *, seconds: float = SECONDS) -> int:
        """SIGTERM, as a deployment does, and wait for its end."""
        self.popen.send_signal(signal.SIGTERM)
        return self.ends(seconds=seconds)

    def _line(self, words: str) -> str | None:
        return next((line for line in self.lines if words in line), None)

    def _read(self) -> None:
        assert self.popen.stdout
        for line in self.popen.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()


@contextmanager
def started(*command: str, env: Mapping[str, str] | None = None) -> Iterator[Process]:
    """Run a program; killed at the end if it still runs. `python` and `releveur` make commands."""
    process = Process(list(command), env=env or environment())
    try:
        yield process
    finally:
        if process.popen.poll() is None:
            process.kill()
        for pipe in (process.popen.stdin, process.popen.stdout):
            if pipe:
                pipe.close()


def releveur(*arguments: object) -> list[str]:
    """The command of one of the product's own programs: `started(*releveur("work"))`."""
    return [sys.executable, "-m", "releveur", *map(str, arguments)]


def python(code: str, *arguments: object) -> list[str]:
    """The command of a few lines of Python with the product set up; `sys.argv[1:]` are the arguments."""
    return [sys.executable, "-c", _DJANGO + code, *map(str, arguments)]


def faketime(offset: str, *command: str) -> list[str]:
    """The same command under another wall clock: `faketime("+2h", *releveur("work"))`."""
    program = shutil.which("faketime")
    if program is None:
        pytest.fail(
            "this test needs the program faketime: install it (Debian: apt-get install faketime),"
            " or run it by script/test faults, which does"
        )
    return [program, "-f", offset, *command]


def until(true: Callable[[], object], *, seconds: float = SECONDS, what: str = "it") -> None:
    """Wait for something nobody tells us of: a row that appears, a port that answers."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"{what} never became true")
        time.sleep(0.02)


def exists(pid: int) -> bool:
    """Whether a process lives; one that is dead and not yet collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
