"""A photo or a spreadsheet that eats memory, never ends or crashes the library that reads it takes nothing down
with it: the customer reads a sentence, what she typed is still there, and the next file is read as usual.

Bounded children get functions that eat, loop, wait, talk and crash; then real files meet a small limit
through the real doors: the sheet's photo, the returned spreadsheet, and the import of the fleet. Four times as many
as a machine may do at once come together, and a photo comes while another process takes all places.

Without `RLIMIT_AS` in `confined.py: _take` the eater takes the machine's memory; without `RLIMIT_CPU` and
`timeout=` in `bounded.py: _wait` the others go on for ever; without `places.place` in `bounded.py: run` all
work at once; without `_environment` in `bounded.py` the child
holds the address of the database. (No job of the queue decodes files yet; the office's imports in the browser
will be the first.)
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from releveur import bounded
from releveur.bounded import MEGABYTE, Limits
from releveur.fleet.models import Device
from releveur.importing import files
from releveur.readings import proofs
from releveur.readings.models import Proof
from releveur.web.portal import returned
from tests.faults import appetite
from tests.faults.processes import environment, python, started
from tests.importing.files import a_large_fleet
from tests.test_proofs import a_picture, saved
from tests.web.conftest import customer, devices, visitor
from tests.web.seeing import field
from tests.web.tableurs import Taken, give
from tests.web.test_photos import a_file, kept
from tests.web.visiting import a_photo, fields, text

__all__ = ["customer", "devices", "visitor"]

SMALL = Limits(memory=256 * MEGABYTE, answer=MEGABYTE, processor=1, seconds=2)
WAITS = replace(SMALL, patience=60)
HOLD = """
import sys
from contextlib import ExitStack
from releveur import bounded, places
with ExitStack() as held:
    for _place in range(bounded.AT_ONCE):
        held.enter_context(places.place(bounded._folder(), of=bounded.AT_ONCE, patience=5))
    print("held")
    sys.stdin.readline()
"""
HEAVY = "Cette image est trop longue à ouvrir."


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (appetite.eat_memory, bounded.TooMuch),
        (appetite.talk_for_ever, bounded.TooMuch),
        (appetite.go_on_for_ever, bounded.TooSlow),
        (appetite.wait_for_ever, bounded.TooSlow),
        (appetite.crash, bounded.Failed),
    ],
)
def test_the_child_ends_and_the_caller_is_told_why(
    function: Callable[..., None], told: type[Exception]
) -> None:
    began = perf_counter()
    with pytest.raises(told):
        bounded.run(function, b"", SMALL)
    assert perf_counter() - began < SMALL.seconds + 5


def test_the_child_sees_neither_our_secrets_nor_our_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    with (
        Path("/dev/null").open("rb") as ours,
        bounded.run(appetite.look_around, b"", SMALL) as said,
    ):
        environment, held = json.loads(said.read())
        assert ours.fileno() > 2
    assert set(environment) <= {"MALLOC_ARENA_MAX", "LD_LIBRARY_PATH", "TMPDIR", "LC_CTYPE"}
    assert held == []


def test_a_machine_does_no_more_at_a_time_than_it_has_places(tmp_path: Path) -> None:
    def others(_number: int) -> int:
        with bounded.run(appetite.count_the_others, b"", WAITS, folder=str(tmp_path)) as said:
            return int(said.read())

    many = 4 * bounded.AT_ONCE
    with ThreadPoolExecutor(many) as callers:
        counted = list(callers.map(others, range(many)))
    assert 1 < max(counted) <= bounded.AT_ONCE


@pytest.mark.django_db
def test_while_others_take_all_places_she_is_told_to_come_back_and_does(
    visitor: Client, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "LIMITS", replace(proofs.LIMITS, patience=0))
    typed = {field(device): "39600", field(device, "color"): "92910"}
    form = fields(visitor.get("/releves")) | typed
    with started(*python(HOLD), env=environment()) as another:
        another.says("held")
        page = visitor.post("/releves", {**form, f"file-{device.pk}": a_photo()})
        assert page.status_code == 422
        assert str(proofs.TooMany()) in html.unescape(text(page))
        assert typed.items() <= fields(page).items() and not Proof.objects.exists()
        another.kill()
        assert kept(visitor, device, a_photo().read()).size == (640, 480)


@pytest.mark.django_db
def test_a_photo_that_wants_too_much_leaves_her_numbers_and_the_next_one_is_kept(
    visitor: Client, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "LIMITS", replace(proofs.LIMITS, memory=128 * MEGABYTE))
    typed = {field(device): "39600", field(device, "color"): "92910"}
    greedy = saved(a_picture("RGBA", size=(6_000, 6_000)), "PNG").getvalue()
    form = fields(visitor.get("/releves")) | typed

    page = visitor.post("/releves", {**form, f"file-{device.pk}": a_file(greedy)})

    assert page.status_code == 422 and HEAVY in html.unescape(text(page))
    assert typed.items() <= fields(page).items()
    assert not Proof.objects.exists()
    assert kept(visitor, device, a_photo().read()).size == (640, 480)


@pytest.mark.django_db
def test_a_photo_drawn_a_thousand_times_over_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "LIMITS", replace(proofs.LIMITS, processor=1))
    with pytest.raises(proofs.TooHeavy):
        proofs.store(saved_again_and_again(3_000))


@pytest.mark.django_db
def test_a_returned_spreadsheet_that_wants_too_much_is_refused_and_the_next_one_read(
    devices: list[Device], visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = Taken(visitor)
    taken.fill(devices[0].serial, mono=41_200, color=92_910)
    with monkeypatch.context() as smaller:
        smaller.setattr(returned, "LIMITS", replace(returned.LIMITS, memory=24 * MEGABYTE))
        page = give(visitor, taken.as_xlsx())
        assert page.status_code == 422 and "trop de travail à la lecture" in text(page)
    assert give(visitor, taken.as_xlsx()).status_code == 303


@pytest.mark.django_db
def test_an_import_that_takes_too_long_is_refused_and_the_next_one_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = tmp_path / "large.csv", tmp_path / "small.csv"
    content = a_large_fleet(small, devices=10).read_text("utf-8-sig")
    large.write_text(content + "\n" * (120 * MEGABYTE))
    monkeypatch.setattr(files, "A_FLEET", replace(files.A_FLEET, processor=1))
    with pytest.raises(CommandError, match="trop de travail à la lecture"):
        call_command("import_fleet", large)
    assert not Device.objects.exists()
    call_command("import_fleet", small)
    assert Device.objects.count() == 10


def saved_again_and_again(times: int) -> Any:
    """A progressive JPEG whose last scan is told again and again: a few KB, minutes of work."""
    whole = saved(a_picture(size=(6_000, 6_000)), "JPEG", progressive=True)
    content = whole.getvalue()
    last = content.rindex(b"\xff\xda")
    whole.seek(0)
    whole.write(content[:last] + content[last:-2] * times + b"\xff\xd9")
    whole.seek(0)
    return whole
