"""A newcomer at the shop window: the red button, a reading, the close, the signature, the next period."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.demonstration import a_demo

pytestmark = pytest.mark.django_db(transaction=True)

SHOTS = os.environ.get("RELEVEUR_SHOTS")
"""A folder to look at the pages in, if one is given."""


@pytest.fixture
def address(settings: Settings, tmp_path: Path, live_server: LiveServer) -> Iterator[str]:
    with a_demo(settings, tmp_path, at=live_server.url):
        yield f"{live_server.url}/demo/"


def test_a_newcomer_lives_a_whole_quarter(page: Page, address: str) -> None:
    page.goto(address)
    answer_as_alexandra(page)
    for words in ("1er rappel", "2e rappel", "3e rappel", "Clôture"):
        page.get_by_role("button", name="Avancer jusqu’au prochain événement").click()
        expect(page.locator(".stop.here .what")).to_have_text(words)
    page.get_by_role("button", name="Les estimer et signer la préfacturation").click()
    expect(page.locator(".stop.here .what")).to_have_text("Validation")
    page.get_by_role("button", name="Période suivante").click()
    expect(page.locator("#now")).to_contain_text("Mardi 5 juillet 2022")
    page.get_by_role("button", name="Avancer jusqu’au prochain événement").click()
    expect(page.get_by_role("heading", name="La régularisation")).to_be_visible()
    expect(page.locator("#settled + table")).to_contain_text("déduit")
    shoot(page, "demo-regularisation")


def answer_as_alexandra(page: Page) -> None:
    """Press the red button of the mail that lies open, and declare both counters."""
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role(
            "link", name="RENSEIGNEZ VOS RELEVÉS COMPTEURS"
        ).click()
    portal = opened.value
    portal.get_by_role("button", name="Continuer").click()
    meters = portal.locator("input.meter")
    meters.nth(0).fill("41200")
    meters.nth(1).fill("92 910")
    portal.get_by_role("button", name="Envoyer").click()
    expect(portal.locator(".reference")).to_be_visible()
    portal.close()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr-FR", "en-GB"])
def test_the_window_reads_well_everywhere(
    browser: Browser, address: str, width: int, scheme: str, language: str
) -> None:
    context = browser.new_context(
        locale=language,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    page.goto(address)
    shoot(page, f"demo-{width}-{scheme}-{language[:2]}")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = Axe().run(page, options={"iframes": False}).response["violations"]
    context.close()
    assert not [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
