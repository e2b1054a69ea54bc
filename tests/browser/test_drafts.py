"""What is typed stays typed: over a reload, in another language; and the key that goes on."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from releveur.campaigns.models import DueReading, Invitation, Receipt
from tests.browser.looking import a_page
from tests.browser.test_answers_back import box
from tests.browser.test_stories import RECORDED, SEND, enter
from tests.web.seeing import first, second, third

pytestmark = pytest.mark.django_db(transaction=True)

TAKEN_UP = "Nous avons repris ce que vous aviez commencé à saisir ici."
KEPT = "localStorage.length"


def fill(page: Page) -> None:
    """Two of the three devices."""
    for device in (first(), second()):
        box(page, device, "mono").fill("41200")
        box(page, device, "color").fill("92910")


def test_the_draft_survives_a_reload_and_is_gone_after_the_receipt(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        fill(page)
        page.reload()
        expect(page.get_by_text(TAKEN_UP)).to_be_visible()
        expect(page.locator("#ready")).to_contain_text("2 équipements prêts")
        assert box(page, second(), "color").input_value() == "92910"
        page.get_by_role("button", name=SEND).click()
        expect(page.get_by_role("heading", name=RECORDED)).to_be_visible()
        page.goto("/releves")
        assert box(page, third(), "mono").input_value() == ""
        expect(page.get_by_text(TAKEN_UP)).to_have_count(0)
        assert page.evaluate(KEPT) == 0
    assert DueReading.objects.unanswered().count() == 1


def test_a_draft_is_cleared_with_one_press(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        fill(page)
        [kept] = page.evaluate("Object.values(localStorage)")
        typed = json.loads(kept)["values"]
        assert {name.partition("-")[0]: value for name, value in typed.items()}.keys() == {
            "value"
        }, "counters, and nothing of a person"
        page.reload()
        page.get_by_role("button", name="L’effacer").click()
        expect(page.get_by_text(TAKEN_UP)).to_have_count(0)
        assert box(page, first(), "mono").input_value() == ""
        assert page.evaluate(KEPT) == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_another_language_keeps_what_was_typed(
    browser: Browser, live_server: LiveServer, invitation: Invitation, scripts: bool
) -> None:
    with a_page(browser, at=live_server.url, scripts=scripts) as page:
        enter(page, invitation)
        fill(page)
        page.get_by_role("button", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert box(page, second(), "color").input_value() == "92910"
        assert not Receipt.objects.exists(), "nothing was sent"
        if scripts:
            page.get_by_role("link", name="Where is the counter?").first.click()
            page.goto("/releves")
            assert box(page, second(), "color").input_value() == "92910", "the draft is still kept"
        page.get_by_role("button", name="Send my").click()
        expect(page.get_by_role("heading", name="Your readings are recorded")).to_be_visible()


def test_what_asks_is_still_there_after_a_look_elsewhere(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        box(page, first(), "mono").fill("39600")
        page.get_by_role("button", name=SEND).click()
        expect(page.locator(".question").first).to_be_visible()
        page.goto("/compteur")
        page.goto("/releves")
        assert box(page, first(), "mono").input_value() == "39600"


def test_enter_goes_to_the_next_field_and_sends_from_the_last(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        boxes = page.locator("#sheet input.meter")
        assert boxes.count() == 5
        boxes.first.focus()
        for number, value in enumerate(("41200", "92910", "41200", "92910", "13500")):
            expect(boxes.nth(number)).to_be_focused()
            page.keyboard.type(value)
            page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=RECORDED)).to_be_visible()
    assert Receipt.objects.count() == 1
    assert not DueReading.objects.unanswered().exists()
