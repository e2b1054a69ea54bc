"""A page looked at as it stands: wide and narrow, light and dark, without loading it again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page

type Scheme = Literal["light", "dark"]

SHOTS = os.environ.get("RELEVEUR_SHOTS")
"""A folder to look at the pages in, if one is given."""

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1280, 768, 360, 320)
LOOKED_AT = (1280, 360)
HEIGHT = 900
RULES: dict[Scheme, dict[str, object]] = {
    "light": {"type": "tag", "values": STANDARDS},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
"""A page in the dark has other colours, and is the same otherwise."""

AXE = """options => axe.run(options).then(found => found.violations.map(
    one => `${one.id}: ${one.nodes.map(node => node.html).join(' | ').slice(0, 400)}`))"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
REFUSAL = "Failed to load resource: the server responded with a status of 422"
"""What Chromium says of a page that asks again; the page is as it should be."""


@contextmanager
def a_page(
    browser: Browser,
    *,
    at: str,
    width: int = WIDTHS[0],
    scheme: Scheme = "light",
    scripts: bool = True,
    forgives: tuple[str, ...] = (),
) -> Iterator[Page]:
    """A page in French that does not move; what it complains about fails the test.

    :param forgives: beginnings of complaints that the test brings about
    """
    context = browser.new_context(
        base_url=at,
        viewport={"width": width, "height": HEIGHT},
        color_scheme=scheme,
        java_script_enabled=scripts,
        locale="fr-FR",
        timezone_id="Europe/Paris",
        reduced_motion="reduce",
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []

    def hear(said: ConsoleMessage) -> None:
        if said.type == "error" and not said.text.startswith((REFUSAL, *forgives)):
            complaints.append(said.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert not complaints, complaints


def faults(page: Page, *, by_axe: bool = True) -> Iterator[str]:
    """Where it scrolls sideways, and what axe finds in four variants.

    :param by_axe: axe looks too
    """
    if by_axe:
        page.evaluate(Axe().axe_script)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if (much := page.evaluate(SIDEWAYS)) > 0:
            yield f"{width}: scrolls sideways by {much}"
        if by_axe and width in LOOKED_AT:
            yield from (f"{width} {found}" for found in _found(page))


def _found(page: Page) -> Iterator[str]:
    for scheme, rules in RULES.items():
        page.emulate_media(color_scheme=scheme)
        for found in page.evaluate(AXE, {"runOnly": rules, "resultTypes": ["violations"]}):
            yield f"{scheme}: {found}"
    page.emulate_media(color_scheme="light")


def looked_at(page: Page, name: str) -> None:
    """Nothing axe finds, nothing that scrolls sideways."""
    found = [*faults(page)]
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
    assert not found, f"{name}: {found}"


def checked(page: Page, name: str) -> None:
    """The same of the page as it stands, in the one variant it was opened in."""
    if SHOTS:
        size = page.viewport_size or {"width": 0}
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        file = f"{name}-{size['width']}-{'dark' if dark else 'light'}.png"
        page.screenshot(path=Path(SHOTS, file), full_page=True)
    page.evaluate(Axe().axe_script)
    every = {"type": "tag", "values": STANDARDS}
    found = page.evaluate(AXE, {"runOnly": every, "resultTypes": ["violations"]})
    assert not found, f"{name}: {found}"
    assert page.evaluate(SIDEWAYS) == 0, f"{name} scrolls sideways"
