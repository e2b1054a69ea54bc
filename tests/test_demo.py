"""The demonstration: the invented dealer is what it promises, and a quarter can be lived through its page."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count, Q
from django.test import Client
from pytest_django import Settings

from releveur import clock
from releveur.campaigns.models import Campaign, Invitation
from releveur.campaigns.status import status
from releveur.contracts.models import Contract
from releveur.customers.models import Contact, Customer
from releveur.fleet.models import Device, Meter
from releveur.ops.demo import catching, files, mailbox, preparing
from releveur.readings.models import Billed, Reading
from tests.demonstration import a_demo
from tests.factories import a_customer

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings: Settings, tmp_path: Path) -> Iterator[Campaign]:
    with a_demo(settings, tmp_path) as campaign:
        yield campaign


def test_the_files_are_the_same_on_every_machine() -> None:
    assert files.fleet() == files.fleet()
    assert files.fleet().count("\r\n") == 73
    assert "39\u202f684" in files.fleet()


class TestTheInventedDealer:
    def test_has_every_case_a_dealer_meets(self, demo: Campaign) -> None:
        assert Customer.objects.count() >= 14
        assert Device.objects.count() >= 60
        largest = Customer.objects.annotate(devices=Count("sites__installations"))
        assert largest.filter(devices=41).count() == 1
        assert Customer.objects.annotate(places=Count("sites")).filter(places__gt=1).count() >= 3
        twice = Contact.objects.annotate(companies=Count("answers_for__customer", distinct=True))
        assert twice.filter(companies=2).count() == 1
        assert Contract.objects.filter(months=12).exists()
        assert Contract.objects.filter(estimation_allowed=False).count() == 1
        assert Meter.objects.filter(kind__code__startswith="LARGE_").count() == 2
        assert not Contact.objects.exclude(Q(email="") | Q(email__endswith=".example")).exists()

    def test_has_the_seeds_own_device(self, demo: Campaign) -> None:
        device = Device.objects.get(serial="3923656030")
        billed = Billed.objects.last_of(device.meters.values_list("pk", flat=True)).values()
        assert {one.value for one in billed} == {39_684, 89_675}
        assert {one.taken_on for one in billed} == {date(2022, 1, 5)}
        assert Reading.objects.filter(meter__device=device, meter__kind__code="MONO").count() == 8
        her = Contact.objects.get(first_name="Alexandra")
        assert her.department == "Comptabilité Fournisseurs"
        assert Invitation.objects.filter(contact=her, campaign=demo).exists()

    def test_devices_that_report_alone_are_asked_of_nobody(self, demo: Campaign) -> None:
        alone = Device.objects.filter(mode=Device.Mode.AUTOMATIC)
        rows = demo.due_readings.filter(meter__device__in=alone)
        assert rows and all(row.reading and row.reading.source == "AGENT" for row in rows)
        assert not rows.filter(asked__isnull=False).exists()

    def test_every_mail_really_went_over_the_wire(self, demo: Campaign) -> None:
        mails = status(demo, now=clock.now())["mails"]
        assert mails == {"owed": 0, "sent": 14, "withheld": 0, "failed": 0, "bounced": 0}
        assert len(mailbox.caught()) == 14

    def test_is_prepared_once(self, demo: Campaign) -> None:
        assert preparing.prepare() == demo
        assert Campaign.objects.count() == 1

    def test_never_mixes_with_a_real_fleet(self) -> None:
        a_customer()
        with pytest.raises(preparing.NotTheDemos):
            preparing.prepare()


class TestItsPages:
    @pytest.mark.parametrize("address", ["/demo/", "/demo/prefacturation.csv", "/demo/mail/1"])
    def test_exist_nowhere_else(self, client: Client, address: str) -> None:
        assert client.get(address).status_code == 404
        assert client.post("/demo/avancer").status_code == 404

    def test_show_alexandras_mail_first(self, client: Client, demo: Campaign) -> None:
        page = client.get("/demo/").content.decode()
        assert "Mardi 5 avril 2022</span>, 10\u00a0h\u00a000" in page
        shown = re.search(r'src="(/demo/mail/\d+)"', page)
        assert shown
        mail = client.get(shown[1])
        assert "Bonjour Alexandra" in mail.content.decode()
        assert "sandbox" in mail["Content-Security-Policy"]

    def test_a_button_pressed_twice_moves_once(self, client: Client, demo: Campaign) -> None:
        shown_at = clock.now().isoformat()
        for _press in range(2):
            client.post("/demo/avancer", {"shown_at": shown_at})
        assert clock.today() == date(2022, 4, 12)

    def test_a_quarter_is_lived_to_the_next_regularisation(
        self, client: Client, demo: Campaign
    ) -> None:
        for words in (
            "4 personnes ont répondu",
            "2e rappel",
            "3e rappel",
            "La campagne est clôturée",
        ):
            assert words in press(client, "/demo/avancer")
        assert "Boulangerie Perrault" in client.get("/demo/").content.decode()

        press(client, "/demo/valider")
        demo.refresh_from_db()
        assert demo.state == Campaign.State.CLOSED, "somebody has to say that they are estimated"
        assert "ne changeront plus jamais" in press(client, "/demo/valider", estimate_unasked="1")
        basis = client.get("/demo/prefacturation.csv").content.decode("utf-8-sig")
        assert basis.count("\r\n") > 100 and "PROVISOIRE" not in basis

        assert "Mardi 5 juillet 2022" in press(client, "/demo/suite")
        page = press(client, "/demo/avancer")
        assert "La régularisation" in page
        assert "estimé trop haut" in page and "estimé trop bas" in page


def press(client: Client, address: str, **given: str) -> str:
    """Press a button of the page, and read the page that follows."""
    response = client.post(address, {"shown_at": clock.now().isoformat(), **given}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that PostgreSQL's own user may enter."""
    folder = ROOT / ".data" / "tests" / f"demo-{os.getpid()}"
    yield folder
    shutil.rmtree(folder)


def test_script_demo_prepares_once_and_prints_one_object(folder: Path) -> None:
    first = printed_by_script_demo(folder, "--no-serve", "--port", "8765")
    assert first["demo"] == "http://127.0.0.1:8765/demo/"
    assert first["portal"].startswith("http://127.0.0.1:8765/r/")
    assert (first["now"], first["mails"]) == ("2022-04-05T10:00:00+02:00", 14)

    again = printed_by_script_demo(folder, "--no-serve", "--port", "8766")
    key = first["portal"].removeprefix("http://127.0.0.1:8765")
    assert again["portal"] == f"http://127.0.0.1:8766{key}", "her mail opens at the new port"


def printed_by_script_demo(folder: Path, *arguments: str) -> dict[str, Any]:
    mails = f"smtp://127.0.0.1:{catching.any_port()}"
    environment = {**os.environ, "RELEVEUR_DATA_DIR": str(folder), "RELEVEUR_SMTP_URL": mails}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [ROOT / "script" / "demo", *arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said
