"""What a decoder does when a file has taken it over, each in a few lines: functions for a bounded child."""

from __future__ import annotations

import ctypes
import json
import os
import time
from pathlib import Path
from typing import IO


def eat_memory(source: IO[bytes], answer: IO[bytes]) -> None:
    """Half a gigabyte; where nobody minds, it is had enough."""
    eaten = [bytearray(64 * 1024 * 1024) for _time in range(8)]
    answer.write(bytes(len(eaten)))


def go_on_for_ever(source: IO[bytes], answer: IO[bytes]) -> None:
    while True:
        pass


def wait_for_ever(source: IO[bytes], answer: IO[bytes]) -> None:
    """Without the processor."""
    os.read(os.pipe()[0], 1)


def count_the_others(source: IO[bytes], answer: IO[bytes], folder: str) -> None:
    """How many are at work in this folder at the same time, for the moment that work takes."""
    mine = Path(folder, str(os.getpid()))
    mine.touch()
    time.sleep(0.3)
    answer.write(json.dumps(len(os.listdir(folder))).encode())  # noqa: PTH208  # quick to start
    mine.unlink()


def talk_for_ever(source: IO[bytes], answer: IO[bytes]) -> None:
    while True:
        answer.write(bytes(1024 * 1024))


def crash(source: IO[bytes], answer: IO[bytes]) -> None:
    ctypes.string_at(0)


def look_around(source: IO[bytes], answer: IO[bytes]) -> None:
    """What it can see: its environment, and the files it holds but its own three."""
    held = [
        str(file.readlink())
        for file in list(Path("/proc/self/fd").iterdir())
        if int(file.name) > 2 and file.exists()
    ]
    answer.write(json.dumps([dict(os.environ), held]).encode())
