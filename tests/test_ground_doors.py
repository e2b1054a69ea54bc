from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, CommandParser, call_command
from pytest_django import Settings

from releveur import clock
from releveur.customers.models import Customer
from releveur.ops.doors import Answer, Door, Refused

pytestmark = pytest.mark.django_db

NOON = datetime(2022, 4, 5, 12, 0, tzinfo=UTC)


class AddCustomer(Door):
    """A door as others are: it writes a row, or refuses."""

    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        if options["code"] == "BAD":
            raise Refused("This code is refused.", answer={"accepted": False})
        Customer.objects.create(code=options["code"], name="Gramont")
        self.progress(1, 1)
        return {"added": options["code"], "at": now, "meters": ["MONO", "COLOR"]}


@pytest.fixture
def add() -> Callable[..., tuple[str, str]]:
    def run(*arguments: str) -> tuple[str, str]:
        out, err = StringIO(), StringIO()
        try:
            call_command(AddCustomer(), *arguments, stdout=out, stderr=err)
        finally:
            run.said = out.getvalue()  # type: ignore[attr-defined]  # what a refusal said before it rose
        return out.getvalue(), err.getvalue()

    return run


type Add = Callable[..., tuple[str, str]]


def test_a_door_answers_in_words_and_reports_its_progress_apart(add: Add) -> None:
    out, err = add("CL001007", "--now", "2022-04-05T14:00")
    assert out == "added: CL001007\nat: 05/04/2022 14:00\nmeters: MONO; COLOR\n"
    assert err == "1/1\n"


def test_with_json_a_door_prints_one_object(add: Add) -> None:
    out, _err = add("CL001007", "--json", "--now", "2022-04-05T14:00")
    assert json.loads(out) == {
        "added": "CL001007",
        "at": "2022-04-05T12:00:00Z",
        "meters": ["MONO", "COLOR"],
    }


def test_a_dry_run_says_the_same_and_writes_nothing_but_the_clock(add: Add) -> None:
    out, _err = add("CL001007", "--dry-run", "--now", "2022-04-05T14:00")
    assert out.startswith("added: CL001007\n")
    assert not Customer.objects.exists()
    assert clock.now() == NOON, "the clock is not the command's"


def test_a_refusal_is_a_sentence_and_exit_code_1(add: Add) -> None:
    with pytest.raises(CommandError, match="This code is refused") as refused:
        add("BAD", "--json")
    assert refused.value.returncode == 1
    assert json.loads(add.said) == {"accepted": False}  # type: ignore[attr-defined]


def test_the_clock_moves_even_when_the_command_is_refused(add: Add) -> None:
    with pytest.raises(CommandError, match="This code"):
        add("BAD", "--now", "2022-04-05T14:00")
    assert clock.now() == NOON


def test_a_door_never_turns_the_clock_back(add: Add) -> None:
    clock.set(NOON)
    with pytest.raises(CommandError, match="2022-04-05T12:00:00"):
        add("CL001007", "--now", "2022-04-05T13:59")
    assert not Customer.objects.exists()


def test_real_time_is_not_moved_by_a_door(add: Add, settings: Settings) -> None:
    settings.TEST_CLOCK = False
    with pytest.raises(CommandError, match="--now"):
        add("CL001007", "--now", "2022-04-05T14:00")


def test_what_is_typed_wrong_is_exit_code_2_and_shows_how_it_goes() -> None:
    command = [sys.executable, "-m", "releveur", "tick", "--now", "yesterday"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "2022-04-05T10:00" in done.stderr


def test_the_program_alone_lists_our_commands_first_with_a_line_each() -> None:
    command = [sys.executable, "-m", "releveur"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    ours = lines[2 : lines.index("", 2)]
    assert {"migrate", "serve", "work", "tick"} <= {line.split()[0] for line in ours}
    assert all(len(line.split()) > 3 for line in ours)
    assert lines[-1].startswith("Django")
