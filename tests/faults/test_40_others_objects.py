"""A customer sees what is hers; whatever number she writes into the address, what is another's does not exist.

Devices, receipts, photos, appointments, what was handed to a colleague, the sheets of another person: the
answer is the page « This page does not exist », the same as for a number nobody ever had, so that nothing is
learned from it either. That holds for a colleague who was given one device, for who had the device before it
moved, and for the files: a photo is served by a page that asks whose it is, and the folder of the files by
nothing at all.

How it is tested: the addresses come from the program's own list, so that a new one without a line in the
table of `tests/test_doors.py` fails; here each that names a thing is asked by everybody it is not of, by
looking and by sending, and afterwards the things stand unchanged.

Without `sender=invitation` in `colleagues.take_back`, `invitation=invitation` in `receipts.find`, the rows
asked of the invitation in `receipts.photo`, `contact=person` in `own.enter`, `_of(companies(invitation))` in
`appointments.cancel`, or the question after the rows in `devices.device`, it fails. The office's pages and
the agent's keys come with their own lines.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage

from releveur.appointments.models import Appointment
from releveur.campaigns.models import Handover, Problem, Receipt
from releveur.readings.models import Proof, Reading
from tests.doors import Town, a_town, every_door
from tests.test_doors import METHODS, address_of, sent

pytestmark = pytest.mark.django_db

OTHERS = ("other", "former", "colleague")
NAMING = {"device", "number", "proof", "handover", "appointment", "invitation"}


@pytest.fixture
def town() -> Town:
    return a_town()


def naming() -> list[tuple[str, str]]:
    """The addresses that name a thing of somebody."""
    return [(name, pattern) for name, pattern, places in every_door() if NAMING & set(places)]


def everything() -> list[Any]:
    kinds = (Appointment, Handover, Problem, Receipt, Proof, Reading)
    return [list(kind.objects.order_by("pk").values()) for kind in kinds]


def test_there_are_such_addresses_of_every_kind() -> None:
    places = {place for _name, _pattern, places in every_door() for place in places}
    assert places >= NAMING
    assert len(naming()) >= 11


@pytest.mark.parametrize("who", OTHERS)
def test_what_is_anothers_does_not_exist(town: Town, who: str) -> None:
    visitor, before = town.visitors[who], everything()
    for name, pattern in naming():
        for method in METHODS:
            address = address_of(name, pattern, town, visitor)
            answer = sent(visitor, method, address, town.bodies.get(name, {"what": "GONE"}))
            assert answer.status_code in {404, 405}, f"{method} {address}"
            assert town.arguments["number"] not in answer.content.decode().replace(address, "")
    assert everything() == before


@pytest.mark.parametrize("who", OTHERS)
def test_a_number_nobody_ever_had_answers_the_same(town: Town, who: str) -> None:
    never = dict.fromkeys(NAMING, 987_654_321) | {"number": "R220405-ZZZZZZ"}
    nowhere = Town(town.visitors, never, town.bodies)
    visitor = town.visitors[who]
    for name, pattern in naming():
        for method in METHODS:
            theirs = sent(visitor, method, address_of(name, pattern, town, visitor), {})
            nobodys = sent(visitor, method, address_of(name, pattern, nowhere, visitor), {})
            assert theirs.status_code == nobodys.status_code
            assert len(theirs.content) - len(nobodys.content) in range(-400, 400)


def test_a_photo_is_shown_to_whom_it_is_of_and_its_file_has_no_address(town: Town) -> None:
    proof = Proof.objects.get(pk=town.arguments["proof"])
    page = f"/releves/photo/{proof.pk}"
    hers = town.visitors["hers"].browser.get(page)
    assert hers.status_code == 200 and hers["Content-Type"] == "image/jpeg"
    assert hers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "photo.jpg" in hers["Content-Disposition"] and "private" in hers["Cache-Control"]
    for who in set(town.visitors) - {"hers"}:
        assert town.visitors[who].browser.get(page).status_code in {403, 404, 410}, who
    name = proof.file.name
    assert name and default_storage.exists(name)
    browser = town.visitors["hers"].browser
    for start in ("", "files/", "media/", "static/", "static/../files/", "static/%2e%2e/files/"):
        assert browser.get(f"/{start}{name}").status_code == 404
    assert not settings.MEDIA_URL.strip("/")
