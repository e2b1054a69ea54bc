"""The design language in Chromium: legible in any dealer's colour, and without any colour."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from releveur.outbox import colours
from releveur.web.demo.design import DIFFICULT
from tests.browser.looking import checked
from tests.demonstration import a_demo

pytestmark = pytest.mark.django_db(transaction=True)

SHOTS = os.environ.get("RELEVEUR_SHOTS")
"""A folder to look at the page in, if one is given."""

STYLE = Path(__file__).resolve().parents[2] / "src/releveur/web/static/releveur/releveur.css"
CUBE = [f"#{r:02x}{g:02x}{b:02x}" for r in range(0, 256, 51) for g in range(0, 256, 51) for b in range(0, 256, 51)]  # fmt: skip
GROUNDS = ("--paper", "--ground", "--well")
EDGE = 3
"""WCAG 2.2, 1.4.11: what is not text."""

PAINTED = """([colours, names]) => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const probe = document.body.appendChild(document.createElement('i'));
  const painted = (name) => {
    probe.style.color = `var(${name})`;
    canvas.fillStyle = getComputedStyle(probe).color;
    canvas.fillRect(0, 0, 1, 1);
    return '#' + [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((one) => one.toString(16).padStart(2, '0')).join('');
  };
  return colours.map((colour) => {
    document.documentElement.style.setProperty('--dealer', colour);
    return Object.fromEntries(names.map((name) => [name, painted(name)]));
  });
}"""
"""Each token as it is painted, clipped to what a screen shows, for each colour of a dealer."""

BORDERS = """() => [...document.querySelectorAll(
    'main .button, main input:not([type=radio], [type=checkbox], [type=file], [type=hidden]), main textarea, main .notice, main .panel, main .problems, main .question, main .file')]
  .filter((one) => one.checkVisibility())
  .map((one) => [one.className || one.name, getComputedStyle(one)])
  .filter(([, style]) => style.borderStyle === 'none' || parseFloat(style.borderTopWidth) < 1
    || style.borderTopColor === style.backgroundColor || style.borderTopColor === 'rgba(0, 0, 0, 0)')
  .map(([name]) => name)"""
"""What shows no border."""

type Scheme = Literal["light", "dark"]


@pytest.fixture
def address(settings: Settings, tmp_path: Path, live_server: LiveServer) -> Iterator[str]:
    with a_demo(settings, tmp_path, at=live_server.url):
        yield f"{live_server.url}/demo/design"


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    scheme: Scheme = request.param
    context = browser.new_context(locale="fr-FR", color_scheme=scheme, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def test_every_part_is_legible_in_every_dealers_colour(page: Page, address: str) -> None:
    for colour, _words in DIFFICULT:
        width = 360 if colour == "c8102e" else 1280
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{address}?couleur={colour}")
        checked(page, f"design-{colour}")
        assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--dealer')") == f"#{colour}"  # fmt: skip
        for button in page.locator("main .button:not(.plain, .enter)").all():
            style: Any = button.evaluate("(one) => getComputedStyle(one).backgroundColor")
            assert style not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")


def test_contrast_holds_for_the_whole_cube_of_colours(page: Page) -> None:
    page.set_content(f"<style>{STYLE.read_text()}</style><body></body>")
    asked = [f"#{colour}" for colour, _words in DIFFICULT] + CUBE
    names = ["--accent", "--on-accent", *GROUNDS]
    for colour, seen in zip(asked, page.evaluate(PAINTED, [asked, names]), strict=True):
        assert colours.contrast(seen["--accent"], seen["--on-accent"]) >= colours.ENOUGH, colour
        for ground in GROUNDS:
            assert colours.contrast(seen["--accent"], seen[ground]) >= EDGE, (colour, ground)


def test_without_any_colour_everything_has_its_border_and_its_shape(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(locale="fr-FR", forced_colors="active")
    page = context.new_page()
    page.goto(address)
    if SHOTS:
        page.screenshot(path=Path(SHOTS, "design-forced.png"), full_page=True)
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert page.evaluate(BORDERS) == []
    statuses = page.locator("main ul .status")
    assert statuses.count() == 7
    for status in statuses.all():
        assert status.inner_text().strip()
        box = status.locator("svg").bounding_box()
        assert box
        assert box["width"] >= 16
    context.close()
