"""What the page that matters most weighs on a first visit, and that nobody else is asked for anything."""

from __future__ import annotations

import gzip
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Response
from pytest_django.live_server_helper import LiveServer

from tests.browser.test_seconds import an_invitation
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)

MOST, MOST_SCRIPT, MOST_REQUESTS = 40 * 1024, 15 * 1024, 4


def packed(response: Response) -> int:
    """Bytes with gzip: static files are kept so, the page itself is packed by the proxy before it."""
    return len(gzip.compress(response.body(), 9))


def first_visit(browser: Browser, server: LiveServer, address: str) -> dict[str, int]:
    """What a browser loads that was never here before, but for the cookie of the link: bytes by address."""
    entered = browser.new_context(base_url=server.url, locale="fr-FR")
    page = entered.new_page()
    page.goto(address)
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url("**/releves")
    fresh = browser.new_context(base_url=server.url, storage_state=entered.storage_state())
    page, seen = fresh.new_page(), list[Response]()
    page.on("response", lambda response: seen.append(response))  # noqa: PLW0108  # Playwright takes no built-in
    page.goto("/releves", wait_until="networkidle")
    loaded = {one.url: packed(one) for one in seen if not one.url.startswith("data:")}
    for context in (entered, fresh):
        context.close()
    return loaded


def test_the_sheet_of_seven_devices_is_light(browser: Browser, live_server: LiveServer) -> None:
    weights = first_visit(browser, live_server, link(an_invitation(7)))
    assert {urlsplit(url).netloc for url in weights} == {urlsplit(live_server.url).netloc}
    assert len(weights) <= MOST_REQUESTS, weights
    assert sum(weights.values()) <= MOST, weights
    [script] = [weight for url, weight in weights.items() if url.endswith(".js")]
    assert script <= MOST_SCRIPT
