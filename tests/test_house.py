"""The budget of the house and the guards of its conventions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import pytest
from django.core.management import get_commands

from releveur.knobs import KNOBS

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "releveur"
DRAWERS = {"utils", "helpers", "services", "managers", "signals", "common", "core", "misc"}
CLOCK = SOURCE / "clock" / "__init__.py"

type Function = ast.FunctionDef | ast.AsyncFunctionDef

WALL_CLOCK = re.compile(
    r"\b(datetime\.(now|utcnow|today)|date\.today|timezone\.(now|localdate|localtime)|time\.time"
    r"|functions\.Now|Now)\("
)


def python_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if path.parent.name != "migrations")


OURS = python_files("src", "tests", "bench", "build_hooks")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[Function]:
    return (
        node
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def length(function: Function) -> int:
    """Lines from `def` to the last one; what a docstring explains does not count."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_function_is_longer_than_40_lines_and_few_than_25() -> None:
    lengths = {
        f"{named(path)}:{function.lineno} {function.name}": length(function)
        for path in OURS
        for function in functions(path)
    }
    assert not {name: lines for name, lines in lengths.items() if lines > 40}
    over = {name: lines for name, lines in lengths.items() if lines > 25}
    assert len(over) <= len(lengths) / 20, over


def test_no_file_is_longer_than_400_lines_and_the_median_is_80_at_most() -> None:
    lengths = {named(path): len(path.read_text().splitlines()) for path in OURS}
    assert not {name: lines for name, lines in lengths.items() if lines > 400}
    product = [lines for name, lines in lengths.items() if name.startswith("src/") and lines]
    assert median(product) <= 80


def test_every_file_is_named_after_what_it_does() -> None:
    assert not [named(path) for path in OURS if path.stem in DRAWERS or path.parent.name in DRAWERS]


def test_nothing_happens_behind_a_callers_back() -> None:
    text = {named(path): path.read_text() for path in python_files("src")}
    assert not [name for name, code in text.items() if re.search(r"signals|Signal\(", code)]
    saves = [
        f"{named(path)}:{function.lineno}"
        for path in python_files("src")
        for function in functions(path)
        if function.name in {"save", "delete"} and function.args.args[:1]
        and function.args.args[0].arg == "self"
    ]  # fmt: skip
    assert not saves


@pytest.mark.parametrize("folder", ["src", "tests"])
def test_only_the_clock_reads_business_time(folder: str) -> None:
    readers = [
        f"{named(path)}: {call[0]}"
        for path in python_files(folder)
        if path not in {CLOCK, Path(__file__)}
        for call in [WALL_CLOCK.search(path.read_text())]
        if call
    ]
    assert not readers


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert not [
        named(path) for path in OURS if path != Path(__file__) and marks.search(path.read_text())
    ]


def test_every_migration_says_what_it_does() -> None:
    names = [named(path) for path in SOURCE.glob("*/migrations/[0-9]*.py")]
    assert names
    assert not [name for name in names if "_auto_" in name]


def test_every_knob_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", page, flags=re.MULTILINE))
    told = {knob.name: f"`{knob.default}`" if knob.default else "–" for knob in KNOBS}
    assert rows == told


def test_every_command_is_documented_and_no_other() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    told = re.findall(r"^### `releveur (\w+)", page, flags=re.MULTILINE)
    ours = [name for name, owner in get_commands().items() if str(owner).startswith("releveur.")]
    assert sorted(told) == sorted(ours)


def test_every_mail_has_its_three_parts() -> None:
    for folder in SOURCE.glob("*/templates/*/mail/*/"):
        parts = {path.name for path in folder.iterdir()}
        assert parts == {"subject.txt", "body.txt", "body.html"}, named(folder)
