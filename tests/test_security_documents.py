"""What docs/security says is so: the tests it names exist, and its numbers are the program's."""

from __future__ import annotations

import ast
import csv
import re
from collections import Counter
from importlib import import_module
from pathlib import Path

from django.conf import settings

import releveur
from releveur import logs
from releveur.customers import login
from releveur.knobs import KNOBS
from releveur.ops import backing_up
from releveur.outbox import mailboxes
from releveur.web import bounds, restraint
from releveur.web.inbound import arrivals
from releveur.web.portal import access, returned, session

ROOT = Path(__file__).resolve().parent.parent
SECURITY = ROOT / "docs" / "security"
THREATS = (SECURITY / "threats.md").read_text()
PORTAL = Path(releveur.__file__).parent / "web" / "portal"
OF_LEVEL = {"1": 70, "2": 183}
OF_CHAPTER = [27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7]
MEGABYTE = 1024 * 1024


def requirements() -> list[dict[str, str]]:
    with (SECURITY / "asvs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_requirement_of_the_two_levels_stands_there_once() -> None:
    rows = requirements()
    numbers = [row["requirement"] for row in rows]
    assert not [number for number, count in Counter(numbers).items() if count > 1]
    assert not [number for number in numbers if not re.fullmatch(r"\d+\.\d+\.\d+", number)]
    assert Counter(row["level"] for row in rows) == OF_LEVEL
    of_chapter = Counter(int(number.split(".")[0]) for number in numbers)
    assert [of_chapter[chapter] for chapter in range(1, 18)] == OF_CHAPTER


def test_a_requirement_is_met_by_tests_that_exist_or_says_why_not() -> None:
    for row in requirements():
        assert row["status"] in {"met", "n/a", "open"}, row
        assert row["what"] and row["by"].strip(), row
        if row["status"] == "met":
            missing = [test for test in row["by"].split() if not exists(test)]
            assert not missing, f"{row['requirement']} is met by {missing}"


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / file
    if not (file.startswith("tests/") and path.is_file() and name):
        return False
    return any(
        isinstance(node, ast.FunctionDef) and node.name == name
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_a_test_that_is_none_is_found() -> None:
    here = "tests/test_security_documents.py"
    assert exists(f"{here}::test_a_test_that_is_none_is_found")
    for wrong in (here, f"{here}::test_nothing", "tests/nowhere.py::test_x", "docs/design.md::x"):
        assert not exists(wrong)


def limits() -> dict[str, int]:
    """What stands in the code: each kind of form of an invitation, and the rest by name."""
    found: dict[str, int] = {}
    for path in PORTAL.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("restrained"):
                [most] = [one.value for one in call.keywords if one.arg == "most"]
                named = import_module(f"releveur.web.portal.{path.stem}")
                value = (
                    most.value
                    if isinstance(most, ast.Constant)
                    else getattr(named, ast.unparse(most))
                )
                found[ast.literal_eval(call.args[0])] = int(str(value))
    return found | {
        "wrong key": restraint.MOST_WRONG_KEYS,
        "mail arrived": arrivals.MOST_WRONG,
        "codes of an address from one network": login.MOST_OF_AN_ADDRESS,
        "codes of an address from everywhere": login.MOST_OF_AN_ADDRESS_FROM_ALL,
        "codes from one network": login.MOST_OF_A_CLIENT,
        "codes in her browser": login.MOST_OF_AN_ADDRESS,
    }


def test_the_limits_stand_in_the_threats_as_they_are() -> None:
    table = THREATS.partition("## Limits")[2].partition("## ")[0]
    told = re.findall(r"^\| ([a-z ]+) \| (\d+) \|", table, flags=re.MULTILINE)
    assert {what: int(most) for what, most in told} == limits()
    for words in (
        f"a request {bounds.MOST_BYTES // MEGABYTE} MB",
        f"a form {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields",
        f"{returned.MOST_BYTES // MEGABYTE} MB and\n{returned.MOST_LINES} lines",
        f"a mail that arrives {mailboxes.LARGEST // MEGABYTE} MB",
    ):
        assert words in table
    assert f"{access.LIFE.days} days in that browser" in THREATS
    assert f"{session.LIFE.seconds // 3600} hours (`session.LIFE`)" in THREATS


def test_what_the_threats_name_exists() -> None:
    for heading in ("Who attacks", "Boundaries", "Ways in", "Limits", "Keys", "Weak libraries",
                    "What is not stopped"):  # fmt: skip
        assert f"\n## {heading}" in THREATS
    named = re.findall(r"`(tests/[\w/]+\.py)`", THREATS + (SECURITY / "README.md").read_text())
    assert named and not [name for name in named if not (ROOT / name).is_file()]
    knobs = set(re.findall(r"`(RELEVEUR_\w+)`", THREATS))
    known = (ROOT / "docs" / "settings.md").read_text()
    assert knobs and not [knob for knob in knobs if f"`{knob}`" not in known]


def test_the_keys_stand_in_the_threats_as_they_are() -> None:
    table = THREATS.partition("## Keys")[2].partition("## ")[0]
    told = set(re.findall(r"`([A-Za-z_]+)`", table))
    given = {knob.name for knob in KNOBS if re.search("SECRET|TOKEN|_URL$|_INBOX$", knob.name)}
    held = {*backing_up.SECRETS, *given} - {"RELEVEUR_SITE_URL"}
    assert held <= told, held - told


def test_what_a_line_of_the_log_holds_is_documented() -> None:
    said = (ROOT / "docs" / "running.md").read_text().partition("## Logs")[2].partition("## ")[0]
    words = {"method": "method", "route": "page", "status": "status", "ms": "milliseconds"}
    assert set(words) == set(logs.EXTRAS)
    assert all(word in said for word in (*words.values(), "stderr", "X-Request-ID", "zone"))
    assert set(logs.FORMATTERS) == {"line", "json"} and "RELEVEUR_LOG_FORMAT=json" in said


def test_security_is_told_how_to_report() -> None:
    said = (ROOT / "SECURITY.md").read_text()
    assert "## Reporting" in said and "/.well-known/security.txt" in said
    assert "docs/security/threats.md" in said
