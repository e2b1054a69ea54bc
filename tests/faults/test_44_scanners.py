"""What opens every link of a mail before your customer does changes nothing: no button is pressed by a machine.

Filters of mail providers fetch links, open them in a real browser, run what they find there and wait. Whatever
they do to the links of our mails (the red button, « ce n'est plus moi », « ne plus recevoir ces messages », the
link of a login), nobody is let in, no code is used up, nobody is unsubscribed or replaced, and nothing counts
as « opened » by a person, because we count no such thing. One press of a person does it.

How it is tested: every address that holds a key is asked by HEAD and GET with the headers of such programs, loaded
in Chromium with JavaScript for ten seconds, hovered and scrolled, and its forms are sent as a program does that
keeps no cookie; then the whole database is what it was, table by table, and no cookie opens anything.

Without `request.method == "POST"` in `landing.enter`, `stopping._stop`, `signing_in.follow` or
`colleagues._not_me`, it fails, and so it does without `CsrfViewMiddleware`.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from releveur import clock
from releveur.campaigns.models import Invitation
from releveur.customers.models import LoginCode
from releveur.outbox import keys
from releveur.web.portal import access, session
from tests.browser.looking import a_page
from tests.doors import every_door
from tests.factories import OPENED
from tests.web.visiting import link

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

TEN_SECONDS = 10_000
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0",
    "Barracuda Sentinel (EE)",
    "Mozilla/5.0 (compatible; Proofpoint URL Defense)",
    "curl/8.5.0",
    "",
)


@pytest.fixture
def hers(invitation: Invitation) -> Invitation:
    clock.set(OPENED)
    return invitation


@pytest.fixture
def asking(hers: Invitation) -> Client:
    """Her own browser, which waits for a code; the mail is in her mailbox."""
    asking = Client()
    asking.post("/connexion", {"address": hers.contact.email})
    return asking


@pytest.fixture
def links(hers: Invitation, asking: Client) -> list[str]:
    """Every address of ours that a mail may hold."""
    key = link(hers).removeprefix("/r/")
    code = keys.make(LoginCode.objects.get().uuid, 1)
    keyed = [pattern for _name, pattern, places in every_door() if places == ("key",)]
    assert len(keyed) == 4
    return [
        re.sub("<str:key>", code if "connexion" in pattern else key, pattern) for pattern in keyed
    ]


def everything() -> dict[str, list[dict[str, Any]]]:
    """The whole database."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())  # noqa: SLF001
        for model in apps.get_models()
        if not model._meta.label.startswith("procrastinate")  # noqa: SLF001
    }


def opens_nothing(cookies: Any) -> bool:
    return not {access.COOKIE, session.PERSON} & set(cookies)


@pytest.mark.parametrize("agent", AGENTS)
def test_asking_for_a_link_changes_nothing(links: list[str], agent: str) -> None:
    before = everything()
    for address in links:
        for method in ("HEAD", "GET", "OPTIONS", "GET"):
            scanner = Client(headers={"User-Agent": agent, "Purpose": "prefetch"})
            answer = scanner.generic(method, address)
            assert answer.status_code in {200, 405, 410}
            assert opens_nothing(scanner.cookies)
    assert everything() == before


def test_her_own_browser_that_looks_ahead_changes_nothing(links: list[str], asking: Client) -> None:
    before = everything()
    for address in links:
        for method in ("HEAD", "GET"):
            answer = asking.generic(method, address, headers={"Sec-Purpose": "prefetch"})
            assert answer.status_code == 200
    assert everything() == before
    assert opens_nothing(asking.cookies)


def test_a_real_browser_that_runs_everything_for_ten_seconds_changes_nothing(
    links: list[str],
    browser: Browser,
    live_server: LiveServer,
) -> None:
    before = everything()
    with a_page(browser, at=live_server.url, forgives=("Failed to load resource",)) as page:
        pages = [page, *(page.context.new_page() for _other in links[1:])]
        for one, address in zip(pages, links, strict=True):
            one.goto(address)
            one.mouse.move(300, 400)
            one.mouse.wheel(0, 2_000)
            for way_on in one.locator("footer a[href]").all()[:3]:
                way_on.hover()
        page.wait_for_timeout(TEN_SECONDS)
        assert opens_nothing(cookie.get("name") for cookie in page.context.cookies())
        assert {one.url.removeprefix(live_server.url) for one in pages} == set(links)
    assert everything() == before


def test_sending_the_forms_without_the_cookie_changes_nothing(links: list[str]) -> None:
    before = everything()
    for address in links:
        page = Client().get(address).content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token
        scanner = Client(enforce_csrf_checks=True)
        answer = scanner.post(address, {"csrfmiddlewaretoken": token[1]})
        assert answer.status_code == 403
        assert opens_nothing(scanner.cookies)
    assert everything() == before


def test_a_person_s_press_does_it(links: list[str], asking: Client) -> None:
    for address in links:
        presses = asking.post(address, {"email": "karim@gramont-services.example",
                                        "first_name": "Karim", "last_name": "B"})  # fmt: skip
        assert presses.status_code == 303, address
    assert not opens_nothing(asking.cookies)


def test_no_referer_shows_a_key_and_the_form_is_let_in(
    hers: Invitation,
    browser: Browser,
    live_server: LiveServer,
) -> None:
    """What the browser tells of the page that holds the key: to files, to the form's target, to others."""
    address = link(hers)
    told: list[str] = []
    with a_page(browser, at=live_server.url) as page:
        page.on("request", lambda request: told.append(str(request.all_headers().get("referer"))))
        page.goto(address)
        page.get_by_role("button", name="Continuer").click()
        page.wait_for_url("**/releves")
    assert len(told) >= 4, "the page, its files, the form and the sheet"
    assert not [one for one in told if address in one or one.rstrip("/").endswith("/r")]
    assert set(told) <= {"None", f"{live_server.url}/"}
