"""The promises that the faults prove, written into docs/promises.md from the tests themselves.

A file of this folder begins with its promise, in the words of whoever runs an installation; then how
it is tested; then what, taken out of the product, makes it fail. What a test measures it says with
pytest's `record_property`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "promises.md"

_NUMBERED = re.compile(r"test_(\d\d)_")

HEAD = """# What is promised, and how it is tried

Written by `script/test faults --promises` from the tests in `tests/faults`; a promise without a test cannot stand here. Each
is tried for real: processes are killed, disks filled, mail servers made to stall. The numbers are those of our list of
faults. A number that is missing here belongs to a part of the product that does not exist yet.
"""


@dataclass(frozen=True, slots=True)
class Promise:
    """A file of faults: its number (none: it is no single fault), and its paragraphs."""

    file: str
    number: str
    says: str
    tried: str
    without: str


@dataclass(slots=True)
class Result:
    """What the last run of a file gave."""

    passed: int = 0
    failed: int = 0
    measured: dict[str, object] = field(default_factory=dict)


class NoPromise(Exception):
    """A file of faults that does not say what it promises, how it tries it, and what makes it fail."""


def promises() -> list[Promise]:
    """Every file's promise, by number, the ones without a number last.

    :raises NoPromise: a file lacks a paragraph
    """
    found = [_read(path) for path in sorted(HERE.glob("test_*.py"))]
    return sorted(found, key=lambda one: (one.number or "99", one.file))


def told(page: str) -> dict[str, tuple[str, str]]:
    """What a page says of each file: promise and how it is tried."""
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    found = {}
    for section in sections:
        _title, says, tried, *_rest = section.split("\n\n")
        file = re.search(r"tests/faults/(\w+\.py)", section)
        assert file, section
        found[file[1]] = (_one_line(says), _one_line(tried))
    return found


def page(all_of_them: Sequence[Promise], results: Mapping[str, Result], *, on: str) -> str:
    """docs/promises.md, whole."""
    return HEAD + "".join(_section(one, results.get(one.file), on) for one in all_of_them)


def _section(promise: Promise, result: Result | None, on: str) -> str:
    name = promise.file.removeprefix("test_").removesuffix(".py").lstrip("0123456789_")
    title = f"{promise.number} · {name}" if promise.number else name
    paragraphs = [promise.says, promise.tried, _last(result, on), f"`tests/faults/{promise.file}`"]
    return f"\n## {title.replace('_', ' ')}\n\n" + "\n\n".join(paragraphs) + "\n"


def _last(result: Result | None, on: str) -> str:
    if result is None:
        return "Not run the last time."
    verdict = f"{result.failed} of {result.failed + result.passed} tests failed"
    if not result.failed:
        verdict = f"{result.passed} {'test' if result.passed == 1 else 'tests'} passed"
    counts = "".join(f"; {name}: {value}" for name, value in result.measured.items())
    return f"Last run, {on}: {verdict}{counts}."


def _read(path: Path) -> Promise:
    paragraphs = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")
    if len(paragraphs) < 3:
        raise NoPromise(path.name)
    says, tried, *without = map(_one_line, paragraphs)
    number = _NUMBERED.match(path.name)
    return Promise(path.name, number[1] if number else "", says, tried, " ".join(without))


def _one_line(words: str) -> str:
    return " ".join(words.split())


def unsaid(all_of_them: Iterable[Promise]) -> list[str]:
    """Files that do not name what makes them fail."""
    return [one.file for one in all_of_them if "ithout" not in one.without]
