"""Every mail in Chromium: legible in light, in dark and inverted, and never wider than a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from releveur import clock
from releveur.campaigns.models import Invitation
from releveur.dealer.models import Dealer
from releveur.ops.demo import living, specimens
from releveur.ops.demo.specimens import SPECIMENS
from releveur.outbox import colours
from releveur.web.demo.gallery import dressed
from tests.demonstration import a_demo

pytestmark = pytest.mark.django_db(transaction=True)

SHOTS = os.environ.get("RELEVEUR_SHOTS")
"""A folder to look at the mails in, if one is given."""

READERS = ("alexandra.morel@gramont-services.example", "intendance@lycee-flammarion.example")
"""One device, and forty-one."""

PAINTED = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    const box = document.createRange();
    box.selectNodeContents(node);
    if (!node.data.trim() || !element.checkVisibility() || !box.getClientRects().length) continue;
    let ground = element;
    while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
    found.push([node.data.trim().slice(0, 40), getComputedStyle(element).color,
                ground ? getComputedStyle(ground).backgroundColor : 'rgb(255, 255, 255)']);
  }
  return found;
}"""
"""Each text with its colour and the nearest colour behind it."""


@pytest.fixture
def scene(settings: Settings, tmp_path: Path) -> Iterator[list[Invitation]]:
    with a_demo(settings, tmp_path):
        invitations = living.campaign().invitations.select_related("contact")
        yield list(invitations.filter(contact__email__in=READERS))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("colour", ["#c8102e", "#ffd400", "#808080", "#00a0e0"])
def test_every_text_is_legible_in_light_dark_and_inverted(
    page: Page, scene: list[Invitation], colour: str
) -> None:
    Dealer.objects.update(colour=colour)
    dim = []
    for kind, theme, painted in painted_mails(page, scene[:1]):
        for words, *pair in painted:
            seen = [colours.inverted(one) for one in pair] if theme == "inverse" else pair
            if (contrast := colours.contrast(*seen)) < colours.ENOUGH:
                dim.append((kind, theme, words, *seen, round(contrast, 2)))
    assert not dim


def painted_mails(page: Page, scene: list[Invitation]) -> Iterator[tuple[str, str, Any]]:
    for invitation in scene:
        for kind in SPECIMENS:
            html = specimens.show(kind, "fr", invitation=invitation, now=clock.now()).caught.html
            for theme in ("clair", "sombre", "inverse"):
                page.set_content(dressed(html, theme))
                found = page.evaluate(PAINTED)
                assert found, kind
                yield (
                    kind,
                    theme,
                    [
                        (words, in_hexadecimal(ink), in_hexadecimal(ground))
                        for words, ink, ground in found
                    ],
                )


def in_hexadecimal(computed: str) -> str:
    """`rgb(28, 32, 38)` as `#1c2026`; nothing in a mail is half transparent."""
    assert computed.startswith("rgb("), computed
    return "#" + "".join(f"{int(one):02x}" for one in computed[4:-1].split(","))


def test_no_mail_is_wider_than_a_phone(page: Page, scene: list[Invitation]) -> None:
    wide = []
    for invitation in scene:
        for kind in SPECIMENS:
            for language in ("fr", "en"):
                found = specimens.show(kind, language, invitation=invitation, now=clock.now())
                page.set_content(dressed(found.caught.html, "clair"))
                if (width := page.evaluate("document.documentElement.scrollWidth")) > 360:
                    wide.append((kind, language, width))
                shoot(page, found.caught.html, f"{kind.replace('/', '-')}-{language}")
    assert not wide


def shoot(page: Page, html: str, name: str) -> None:
    if SHOTS:
        for theme in ("clair", "sombre", "inverse"):
            page.set_content(dressed(html, theme))
            page.screenshot(path=Path(SHOTS) / f"{name}-{theme}.png", full_page=True)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_the_gallery_reads_well(
    browser: Browser, live_server: LiveServer, settings: Settings, tmp_path: Path,
    width: int, scheme: Literal["light", "dark"],
) -> None:  # fmt: skip
    with a_demo(settings, tmp_path, at=live_server.url):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, locale="fr-FR"
        )
        page = context.new_page()
        page.goto(f"{live_server.url}/demo/mails")
        expect(page.frame_locator("iframe").first.get_by_role("link").first).to_be_visible()
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"gallery-{width}.png")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        found = Axe().run(page, options={"iframes": False}).response["violations"]
        context.close()
    assert not [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
