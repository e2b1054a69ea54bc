"""The customer's pages in a real browser: without JavaScript, light and dark, wide and narrow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from releveur import clock
from releveur.campaigns.models import Campaign, DueReading, Invitation
from releveur.fleet.models import Device
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_site,
    answers,
    meter_of,
)
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)

VARIANTS = ((1280, "dark"), (360, "light"))
"""As a person may meet the pages; `test_states` looks at each of them in every variant."""

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SHOTS = os.environ.get("RELEVEUR_SHOTS")
"""A folder to look at the pages in, if one is given."""


@pytest.fixture
def invitation() -> Invitation:
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer())
    usual = {"mono": 500, "color": 1_050}
    a_device(customer, serial="3923656030", volumes=usual, location="Accueil, rez-de-chaussée")
    a_device(customer, serial="3932410077", model="C8045", volumes=usual, location="2e étage")
    annex = a_site(customer, name="Entrepôt", address="4 quai de Grenelle")
    a_device(customer, serial="3357120044", model="B405", site=annex, mono=12_305)
    return Invitation.objects.get(campaign=a_campaign())


@pytest.fixture(params=VARIANTS)
def visit(
    request: pytest.FixtureRequest,
    browser: Browser,
    live_server: LiveServer,
    invitation: Invitation,
) -> Iterator[Page]:
    """The sheet as a person sees it who pressed the red button; scripts are off."""
    width, scheme = request.param
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        locale="fr-FR",
        java_script_enabled=True,
    )
    page = context.new_page()
    page.goto(link(invitation))
    page.get_by_role("button", name="Continuer").click()
    yield page
    context.close()


def checked(page: Page, name: str) -> None:
    """Nothing axe finds, nothing that scrolls sideways."""
    if SHOTS:
        size = page.viewport_size or {"width": 0}
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        file = f"{name}-{size['width']}-{'dark' if dark else 'light'}.png"
        page.screenshot(path=Path(SHOTS, file), full_page=True)
    found = Axe().run(page, options={"runOnly": STANDARDS, "resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0, f"{name} scrolls sideways"


def field(device: Device, code: str) -> str:
    return f"value-{DueReading.objects.get(meter=meter_of(device, code)).pk}"


def test_every_state_of_the_sheet_can_be_used_by_everybody(
    visit: Page, invitation: Invitation
) -> None:
    checked(visit, "sheet")
    low, high = (Device.objects.get(serial=serial) for serial in ("3923656030", "3932410077"))
    other = Device.objects.get(serial="3357120044")
    visit.fill(f"#{field(low, 'mono')}", "39000")
    visit.fill(f"#{field(low, 'color')}", "92 910")
    visit.fill(f"#{field(high, 'mono')}", "41.200")
    visit.fill(f"#{field(other, 'mono')}", "13 500")
    visit.locator(".bar .button").click()
    checked(visit, "questions")
    assert visit.title().startswith("Erreur")

    answers(invitation, high, mono=41_200, color=92_000, now=OPENED)
    answers(invitation, low, mono=41_200, color=92_000, now=OPENED)
    visit.goto("/releves")
    checked(visit, "done")
    Campaign.objects.update(state="CLOSED")
    visit.goto("/releves")
    checked(visit, "closed")


def test_every_other_page_can_be_used_by_everybody(
    visit: Page, live_server: LiveServer, invitation: Invitation
) -> None:
    device = Device.objects.get(serial="3923656030")
    answer = answers(invitation, device, mono=41_200, color=92_910, now=OPENED)
    assert answer.receipt is not None
    pages = {
        "receipt": f"/releves/recu/{answer.receipt.number}",
        "enter": link(invitation),
        "unknown-link": "/r/AAAAAAAAAAAAAAAAAAAAAA",
        "where": "/compteur",
    }
    for name, address in pages.items():
        visit.goto(address)
        checked(visit, name)
    visit.goto("/releves")
    visit.get_by_role("button", name="English").click()
    checked(visit, "sheet-en")


def test_nothing_scrolls_sideways_on_the_narrowest_screen(visit: Page) -> None:
    visit.set_viewport_size({"width": 320, "height": 700})
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visit.evaluate(overflow) == 0


def test_from_the_mail_to_the_receipt_without_javascript_in_three_clicks(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    context = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, locale="fr-FR"
    )
    page = context.new_page()
    page.goto(link(invitation))
    page.get_by_role("button", name="Continuer").click()
    for row in DueReading.objects.select_related("meter__kind"):
        page.fill(f"#value-{row.pk}", "13 200" if row.meter.device.serial == "3357120044" else (
            "41 200" if row.meter.kind.code == "MONO" else "92 910"
        ))  # fmt: skip
    page.locator(".bar .button").click()
    assert page.get_by_role("heading", name="Vos relevés sont enregistrés").is_visible()
    assert not DueReading.objects.unanswered().exists()
    assert DueReading.objects.values_list("reading__taken_on", flat=True)[0] == date(2022, 4, 5)
    context.close()
