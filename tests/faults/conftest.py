"""The tests of what can go wrong: each marked `fault`, run by `script/test faults`."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.browser.conftest import browser as browser  # noqa: PLC0414  # a fixture here too
from tests.faults import promises
from tests.faults.promises import Result

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--promises", action="store_true", help="write docs/promises.md from this run of all faults"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.fault)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Only where all results come together: a worker of xdist writes nothing."""
    if not terminalreporter.config.getoption("--promises", default=False):
        return
    results: dict[str, Result] = defaultdict(Result)
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            _count(results[Path(report.location[0]).name], report)
    page = promises.page(promises.promises(), results, on=time.strftime("%Y-%m-%d"))
    promises.PAGE.write_text(page)
    terminalreporter.write_line(f"written: {promises.PAGE}")


def _count(result: Result, report: pytest.TestReport) -> None:
    if report.failed:
        result.failed += 1
    elif report.when == "call":
        result.passed += 1
        result.measured |= dict(report.user_properties)
