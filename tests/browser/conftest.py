"""A real Chromium, the machine's own: script/test finds or installs it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from releveur import clock
from releveur.campaigns.models import Invitation
from tests.browser.looking import Scheme, a_page
from tests.factories import OPENED, a_dealer
from tests.web.seeing import an_invitation
from tests.web.visiting import link

VARIANTS: tuple[tuple[int, Scheme], ...] = ((1280, "dark"), (360, "light"))
"""As a person may meet the pages; `test_states` looks at each of them in every variant."""

ANSWERED = "Failed to load resource: the server responded with a status of 4"
"""What Chromium says of a page that asks again, is gone, or is not hers."""

# Playwright runs an event loop in the tests' thread, and Django would take their queries for asynchronous ones.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = (
        os.environ.get("RELEVEUR_TEST_CHROMIUM"),
        "chromium",
        "chromium-browser",
        "google-chrome",
    )
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        pytest.fail(
            "The tests in the browser need Chromium: install it (Debian: apt-get install chromium)."
        )
    # Chromium refuses its sandbox to root.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=options)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in French, of a browser that remembers nothing; what it complains about fails the test."""
    context = browser.new_context(locale="fr-FR", timezone_id="Europe/Paris")
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert not complaints


@pytest.fixture
def invitation(transactional_db: None) -> Invitation:
    """Three devices at two sites."""
    clock.set(OPENED)
    a_dealer()
    return an_invitation()


@pytest.fixture(params=VARIANTS)
def visit(
    request: pytest.FixtureRequest,
    browser: Browser,
    live_server: LiveServer,
    invitation: Invitation,
) -> Iterator[Page]:
    """The sheet as a person sees it who pressed the red button, on a wide screen and on a phone."""
    width, scheme = request.param
    with a_page(
        browser, at=live_server.url, width=width, scheme=scheme, forgives=(ANSWERED,)
    ) as page:
        page.goto(link(invitation))
        page.get_by_role("button", name="Continuer").click()
        yield page
