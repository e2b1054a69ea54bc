"""Web and worker in one tree: they start, end and die together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from releveur import postgres


@pytest.fixture(scope="module")
def environment(server: postgres.Server, template: str) -> Iterator[dict[str, str]]:
    """A migrated database of its own: the tree's processes see only what is committed."""
    name = f"test_{os.getpid()}_serve"
    with psycopg.connect(
        server.conninfo(user=postgres.SUPERUSER, name="postgres"), autocommit=True
    ) as superuser:
        superuser.execute(f"create database {name} owner {postgres.OWNER} template {template}")
        urls = {
            "DATABASE_URL": server.conninfo(name=name),
            "RELEVEUR_OWNER_URL": server.conninfo(user=postgres.OWNER, name=name),
            "DJANGO_SETTINGS_MODULE": "releveur.settings",
        }
        yield os.environ | urls
        superuser.execute(f"drop database {name} with (force)")


class Tree:
    def __init__(self, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "releveur",
            "serve",
            "--with-worker",
            "--port",
            str(self.port),
        ]
        self.supervisor = subprocess.Popen(command, env=environment)

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/nothing-here", timeout=5)
        except urllib.error.HTTPError as answer:
            return answer.code == 404
        except OSError:
            return False
        return True

    def processes(self) -> dict[int, str]:
        """Everything below the supervisor, by number."""
        return dict(_below(self.supervisor.pid))

    def child(self, word: str) -> int:
        return next(number for number, command in self.processes().items() if word in command)


@pytest.fixture
def tree(environment: dict[str, str]) -> Iterator[Tree]:
    tree = Tree(environment)
    _until(tree.answers)
    yield tree
    if tree.supervisor.poll() is None:
        tree.supervisor.terminate()
    tree.supervisor.wait(40)


def test_asked_to_stop_the_whole_tree_ends_in_order(tree: Tree) -> None:
    below = tree.processes()
    assert any(" work" in command for command in below.values())
    tree.supervisor.send_signal(signal.SIGTERM)
    assert tree.supervisor.wait(40) == 0
    _until(lambda: not any(map(_exists, below)))


def test_nothing_outlives_a_killed_supervisor(tree: Tree) -> None:
    below = tree.processes()
    tree.supervisor.kill()
    _until(lambda: not any(map(_exists, below)))
    assert not tree.answers()


def test_without_its_web_the_tree_ends_and_says_so(tree: Tree) -> None:
    below = tree.processes()
    os.kill(tree.child("granian"), signal.SIGKILL)
    assert tree.supervisor.wait(40) == 1
    _until(lambda: not any(map(_exists, below)))


def _below(parent: int) -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            command = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if int(fields[1]) == parent:
            yield int(folder.name), command
            yield from _below(int(folder.name))


def _exists(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _until(true: Callable[[], object]) -> None:
    for _try in range(300):
        if true():
            return
        time.sleep(0.1)
    pytest.fail("it never became true")
