"""What the declare page weighs on its first visit, from the server and the static files of `serve`."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import Browser, Response
from pytest_django import Settings

from releveur import clock, postgres
from releveur.campaigns.models import Invitation
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device
from tests.sink import a_free_port
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)

DEVICES = 7
KILOBYTE = 1_024
MOST_BYTES, MOST_SCRIPT, MOST_REQUESTS = 40 * KILOBYTE, 15 * KILOBYTE, 4


@pytest.fixture
def served(server: postgres.Server, settings: Settings, tmp_path: Path) -> Iterator[str]:
    """The address of `serve` on this test's database."""
    port = a_free_port()
    name = str(connection.settings_dict["NAME"])
    environment = os.environ | {
        "DATABASE_URL": server.conninfo(name=name),
        "RELEVEUR_OWNER_URL": server.conninfo(user=postgres.OWNER, name=name),
        "RELEVEUR_DATA_DIR": str(tmp_path),
        "RELEVEUR_SECRET_KEY": settings.SECRET_KEY,
        "RELEVEUR_LINK_SECRET": settings.LINK_SECRET,
        "RELEVEUR_SITE_URL": f"http://localhost:{port}",
        "DJANGO_SETTINGS_MODULE": "releveur.settings",
    }
    command = [sys.executable, "-m", "releveur", "serve", "--port", str(port)]
    serving = subprocess.Popen(command, env=environment)
    address = f"http://localhost:{port}"
    _wait_for(address)
    yield address
    serving.terminate()
    serving.wait(40)


def _wait_for(address: str) -> None:
    for _try in range(300):
        try:
            urllib.request.urlopen(f"{address}/compteur", timeout=5)
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("nobody answers")


@dataclass(frozen=True, slots=True)
class Loaded:
    """One file as it came over the wire."""

    address: str
    kind: str
    packed: bool
    size: int


def loaded(response: Response) -> Loaded:
    """The HTML is not packed by us, so that its secrets do not show in its length: a proxy may."""
    packed = "content-encoding" in response.headers
    size = response.request.sizes()["responseBodySize"]
    if not packed:
        size = len(gzip.compress(response.body(), 6))
    return Loaded(response.url, response.request.resource_type, packed, size)


def test_seven_devices_weigh_no_more_than_40_kilobytes_in_4_requests(
    browser: Browser, served: str
) -> None:
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer())
    for number in range(DEVICES):
        a_device(customer, location=f"Salle {number}", volumes={"mono": 500, "color": 1_050})
    files = first_visit(browser, served, Invitation.objects.get(campaign=a_campaign()))

    assert len(files) <= MOST_REQUESTS, files
    assert all(one.address.startswith(served) for one in files), "no third party"
    assert [one.kind for one in files if not one.packed] == ["document"]
    assert sum(one.size for one in files) <= MOST_BYTES, files
    assert sum(one.size for one in files if one.kind == "script") <= MOST_SCRIPT, files


def first_visit(browser: Browser, served: str, invitation: Invitation) -> list[Loaded]:
    """What a browser loads that has her ticket and has never been here."""
    before = browser.new_context(base_url=served, locale="fr-FR")
    page = before.new_page()
    page.goto(link(invitation))
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url("**/releves")
    context = browser.new_context(storage_state=before.storage_state(), locale="fr-FR")
    page = context.new_page()
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))  # noqa: PLW0108  # no built-in's
    page.goto(f"{served}/releves", wait_until="networkidle")
    assert page.locator("input.meter").count() == 2 * DEVICES
    files = [loaded(one) for one in responses if one.url.startswith("http")]
    for one in (before, context):
        one.close()
    return files
