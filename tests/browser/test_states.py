"""Every page and state of the portal in Chromium: usable by everybody, never wider than the screen."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

import html5lib
import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Route, expect
from pytest_django.live_server_helper import LiveServer

from releveur.campaigns.models import DueReading, Invitation
from tests.browser.looking import a_page, faults, looked_at
from tests.factories import a_campaign
from tests.web.seeing import Seen, field, first, second, third
from tests.web.states import CHAPTERS, states_of
from tests.web.tableurs import a_fleet
from tests.web.visiting import link

NOWHERE = "http://localhost"
MANY = 41

type Kind = tuple[tuple[object, ...], ...]


@pytest.mark.django_db
@pytest.mark.parametrize("half", [0, 1])
def test_every_state_can_be_used_by_everybody(browser: Browser, half: int) -> None:
    """Each is measured; axe looks at those that show an element of a new kind."""
    known: set[Kind] = set()
    found: list[str] = []
    states = states_of(CHAPTERS[half::2], "fr")
    with a_page(browser, at=NOWHERE) as page:
        page.route("**/*", lambda route: serve(route, states))
        for number, seen in enumerate(states):
            page.goto(f"/{number}")
            new = kinds(html5lib.parse(seen.answer.content.decode())) - known
            known |= new
            says = faults(page, by_axe=bool(new))
            found += [f"{seen.page}, {seen.state}: {said}" for said in says]
    assert not found


def serve(route: Route, states: Sequence[Seen]) -> None:
    """The page as the server sent it, and its static files."""
    name = route.request.url.removeprefix(f"{NOWHERE}/")
    if name.isdigit():
        answer = states[int(name)].answer
        route.fulfill(status=200, headers=dict(answer.items()), body=answer.content)
        return
    if name.endswith("/question"):
        route.fulfill(status=204)  # a draft was taken up: the script asks the server
        return
    file = finders.find(name.removeprefix("static/"))
    assert isinstance(file, str), name
    route.fulfill(path=file)


def kinds(element: Element, above: Kind = ()) -> set[Kind]:
    """Its elements with what stands around them; neither words nor numbers make a kind."""
    found = set()
    for one in element:
        if isinstance(one.tag, str):
            named = {"href", "id", "name", "value", "class"}
            attributes = tuple(name for name in one.keys() if name not in named)  # noqa: SIM118  # no dictionary
            kind = (*above, (one.tag, one.get("class"), attributes))[-2:]
            found |= {kind} | kinds(one, kind)
    return found


def test_what_scripts_make_of_the_sheet_can_be_used_by_everybody(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        page.goto(link(invitation))
        page.get_by_role("button", name="Continuer").click()
        page.fill(f"#{field(first(), 'mono')}", "39600")
        page.fill(f"#{field(first(), 'color')}", "92910")
        page.fill(f"#{field(second(), 'mono')}", "41 200")
        page.fill(f"#{field(second(), 'color')}", "92 910")
        page.keyboard.press("Tab")
        expect(page.locator(".question-row .photo")).to_be_visible()
        expect(page.locator("#ready")).to_have_text("1 équipement prêt à envoyer")
        looked_at(page, "a zone for a photo, a row that is ready")

        page.reload()
        expect(page.get_by_role("button", name="L’effacer")).to_be_visible()
        looked_at(page, "a draft taken up")

        page.locator(f"#device-{third().pk} a.enter").click()
        expect(page.locator("dialog[open]")).to_be_visible()
        looked_at(page, "the window")
        page.locator("dialog summary").first.click()
        looked_at(page, "the window with a history")
        page.locator("dialog input.meter").fill("12000")
        page.locator("dialog").get_by_role("button", name="Valider").click()
        expect(page.locator("dialog .question")).to_be_visible()
        looked_at(page, "the window with a question")


def test_a_device_found_among_many_can_be_used_by_everybody(
    browser: Browser, live_server: LiveServer, transactional_db: None
) -> None:
    a_fleet(MANY)
    a_campaign()
    with a_page(browser, at=live_server.url) as page:
        page.goto(link(Invitation.objects.get()))
        page.get_by_role("button", name="Continuer").click()
        page.get_by_label("Chercher un équipement").fill("3923600030")
        expect(page.locator("#found")).to_have_text("1 équipement trouvé")
        assert page.locator("tr.row:visible").count() == 1
        assert DueReading.objects.values("meter__device").distinct().count() == MANY
        looked_at(page, "a search among many")
        page.get_by_label("Chercher un équipement").fill("nulle part")
        expect(page.locator("#found")).to_have_text("0 équipement trouvé")
        looked_at(page, "nothing is found")
