"""Take out of a copy of the product what keeps a promise, and see its test fail: `script/test faults --without`.

`without.toml` holds what is taken out: of which file, which words, what stands there instead (nothing, unless
said), the test that must fail, and words it must say then. Words that are not found exactly once in their file are an error: the
product moved on, and the sentence with it. The tests run on a copy in a temporary folder; the product itself is
never touched.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"
KNOWN = HERE / "without.toml"

LONGEST_SECONDS = 600
FAILED = 1
"""What pytest ends with where tests failed; other codes say that they could not be run."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What is taken out, and the test that must fail then."""

    test: str
    """As pytest names it, below this folder."""
    file: str
    """Below `src/releveur`."""
    words: str
    instead: str = ""
    says: str = ""
    """Words in what the failing test prints: it fails for this reason and no other."""


class NotThere(Exception):
    """The product does not say these words, or says them more than once."""


def removals() -> list[Removal]:
    """Everything that was seen to matter, in the order of the faults."""
    return [Removal(**one) for one in tomllib.loads(KNOWN.read_text())["removal"]]


def stale(all_of_them: Sequence[Removal]) -> list[Removal]:
    """What cannot be taken out any more, for it is not there as it was."""
    return [one for one in all_of_them if _text(SOURCE, one).count(one.words) != 1]


def take_out(removal: Removal, source: Path) -> None:
    """Change a copy of the product.

    :raises NotThere: its words are not there, or not once
    """
    text = _text(source, removal)
    if text.count(removal.words) != 1:
        raise NotThere(f"{removal.file}: {removal.words}")
    _file(source, removal).write_text(text.replace(removal.words, removal.instead))


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the product's source."""
    with tempfile.TemporaryDirectory(prefix="without") as folder:
        yield Path(shutil.copytree(SOURCE, Path(folder, "src")))
    if sys.pycache_prefix:
        shutil.rmtree(sys.pycache_prefix + folder, ignore_errors=True)


def fails(removal: Removal) -> tuple[bool, str]:
    """Whether the test fails without it as it should; and its last words."""
    with copied() as source:
        take_out(removal, source)
        code, said = _run(removal.test, source)
    # What a fixture wants is an error; one beside a failure only says what the failure left behind.
    told = said.partition("= FAILURES =")[2] or said.partition("= ERRORS =")[2]
    why = [line[2:].strip() for line in told.splitlines() if line.startswith(("E ", "FAILED "))]
    good = code == FAILED and bool(told) and removal.says in told
    return good, why[0] if why else f"pytest ended with {code}"


def _run(test: str, source: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", str(HERE / test)]
    env = os.environ | {"PYTHONPATH": str(source)}
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            command, env=env, cwd=HERE.parents[1], stdout=said, stderr=said, start_new_session=True
        ) as pytest,
    ):
        try:
            code = pytest.wait(LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            # What hangs is asked to end first: it has a database to take away.
            os.killpg(pytest.pid, signal.SIGINT)
            code = pytest.wait(60)
        said.seek(0)
        return code, said.read()


def _file(source: Path, removal: Removal) -> Path:
    return source / "releveur" / removal.file


def _text(source: Path, removal: Removal) -> str:
    file = _file(source, removal)
    return file.read_text() if file.exists() else ""


def main(wanted: str = "") -> int:
    """Try them one by one, all or those whose test is named so; 1 when a test passes all the same."""
    passed = 0
    for one in removals():
        if wanted in one.test:
            began = time.monotonic()
            good, why = fails(one)
            passed += not good
            verdict = "fails" if good else "DOES NOT FAIL"
            seconds = time.monotonic() - began
            _say(f"{verdict} ({seconds:.0f} s): {one.test}")
            _say(f"    without {one.words.strip()!r} in {one.file}: {why}")
    return 1 if passed else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
