"""When the disk of the photos is full, a photo is refused with a sentence, what was typed beside it is recorded or
stays typed, and nothing half-written is left; when the database's own disk is full, the portal says that
something failed on our side and nothing that had a receipt is lost. Once there is room again both go on by
themselves.

Disks of memory are mounted and filled to the last byte: one of 4 MB under the photos, then under the files of
passage; one of 256 MB under a whole installation with its embedded database, whose log is driven until
PostgreSQL gives up. They take root, and the tests fail without it.

Without `_told` in `readings/proofs.py` the photo is a page of failure and everything typed is lost; without
`storage.delete` in `_written` there half a file stays; without `PostgresUnavailable` in
`ops/management/commands/serve.py: _revive_database` the portal ends with its database and stays away. (That
`/health/ready` tells before the disk is full comes with the health pages.)
"""

from __future__ import annotations

import contextlib
import html
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from releveur import postgres
from releveur.campaigns.models import Campaign
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from releveur.readings.models import Proof
from tests.factories import a_campaign, a_device, meter_of, reading_of
from tests.faults.disks import Disk, files_lie_in, mounted
from tests.faults.processes import environment, python, started, until
from tests.faults.served import serving
from tests.test_proofs import saved
from tests.web.conftest import customer, visitor
from tests.web.seeing import field
from tests.web.visiting import fields, text

__all__ = ["customer", "visitor"]

NO_ROOM = "La photo n’a pas pu être enregistrée"
FAILED = "Nous revenons dans un instant"
PREPARE = """
from django.conf import settings
settings.POSTGRES.start()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from releveur import clock
from releveur.campaigns.models import DueReading, Invitation
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device
from tests.web.visiting import link
clock.set(OPENED)
a_dealer()
a_contact(customer := a_customer())
a_device(customer, mono=39_684)
a_device(customer, mono=39_684)
a_campaign()
rows = DueReading.objects.order_by("pk").values_list("pk", flat=True)
print("ready", link(Invitation.objects.get()), *rows, flush=True)
"""


@pytest.fixture
def other(customer: Customer) -> Device:
    return a_device(customer, serial="3932410077")


@pytest.fixture
def campaign(device: Device, other: Device) -> Campaign:
    return a_campaign()


@pytest.fixture
def small_disk() -> Iterator[Disk]:
    with mounted(megabytes=4) as disk:
        yield disk


@pytest.mark.django_db
@pytest.mark.parametrize("full", ["photos", "files of passage"])
def test_a_photo_is_refused_what_was_typed_is_kept_and_later_it_is_taken(
    visitor: Client, device: Device, other: Device, small_disk: Disk, settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, full: str,
) -> None:  # fmt: skip
    if full == "photos":
        files_lie_in(small_disk.folder / "files", settings)
    else:
        files_lie_in(tmp_path / "files", settings)
        monkeypatch.setattr(tempfile, "tempdir", str(small_disk.folder))
    small_disk.fill(leave=16 * 1024)
    lower = {
        field(device): "39600",
        field(device, "color"): "92910",
        f"reason-{device.pk}": "OTHER",
    }
    higher = {field(other): "41200", field(other, "color"): "92910"}
    form = {**fields(visitor.get("/releves")), **lower, **higher}

    page = visitor.post("/releves", {**form, f"file-{device.pk}": a_photo()})

    assert page.status_code == 422 and NO_ROOM in html.unescape(text(page))
    assert reading_of(meter_of(other)).value == 41_200, "what wants no photo is recorded"
    kept = fields(page)
    assert (kept[field(device)], kept[field(device, "color")]) == ("39600", "92910")
    assert visitor.post("/releves/photo", {"photo": a_photo()}).status_code == 422
    assert not Proof.objects.exists()
    assert not [file for file in (small_disk.folder, tmp_path) for file in file.rglob("*.jpg")]

    small_disk.free()
    again = {**kept, **lower, f"file-{device.pk}": a_photo()}
    assert visitor.post("/releves", again).status_code == 303
    assert reading_of(meter_of(device)).proof == Proof.objects.get()


def test_the_database_stops_for_want_of_room_and_goes_on_when_there_is_some(
    django_db_setup: None,
) -> None:
    with mounted(megabytes=256) as disk:
        env = an_installation(disk.folder / "data")
        with started(*python(PREPARE), env=env) as preparing:
            _ready, address, first, second = preparing.says("ready").split()
            assert preparing.ends() == 0, preparing.said
        with serving(env) as portal:
            form = portal.enter(address)
            assert portal.post("/releves", form | {f"value-{first}": "41200"}).status_code == 303

            disk.fill()
            drive_to_the_end(disk.folder / "data")
            portal.process.says("could not start server")
            form |= {f"value-{second}": "41300", "nonce": str(uuid4())}
            page = portal.post("/releves", form)
            assert page.status_code in (500, 503) and FAILED in html.unescape(text(page))

            disk.free()
            until(lambda: portal.get("/releves").status_code == 200, what="the portal again")
            assert "41 200" in text(portal.get("/releves")), "what had its receipt"
            assert portal.post("/releves", form).status_code == 303, "the very form that failed"


def an_installation(data: Path) -> dict[str, str]:
    """Embedded, its database and its photos on that disk."""
    data.mkdir(mode=0o755)
    env = environment(RELEVEUR_DATA_DIR=str(data))
    return {
        name: value
        for name, value in env.items()
        if name not in ("DATABASE_URL", "RELEVEUR_OWNER_URL")
    }


def drive_to_the_end(data: Path) -> None:
    """Write into the log of the database until it may not grow any more: the server gives up."""
    where = postgres.Server(data).conninfo(user=postgres.SUPERUSER)
    with (
        contextlib.suppress(psycopg.OperationalError),
        psycopg.connect(where, autocommit=True) as superuser,
    ):
        for _megabyte in range(256):
            superuser.execute("select pg_logical_emit_message(false, 'x', repeat('x', 1000000))")
        pytest.fail("there was room for 256 MB")


def a_photo() -> SimpleUploadedFile:
    """Of noise: kept, it takes more room than is left."""
    noise = Image.frombytes("L", (400, 400), random.Random(1).randbytes(160_000))
    return SimpleUploadedFile("IMG_0001.jpg", saved(noise, "JPEG").read())
