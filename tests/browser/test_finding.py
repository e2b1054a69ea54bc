"""Among many devices one is found by what stands on its door; and « back » never asks to send twice."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from releveur.campaigns.models import DueReading, Invitation
from releveur.fleet.models import Device
from tests.browser.looking import a_page
from tests.browser.test_many import invitation
from tests.browser.test_stories import SEND, enter

__all__ = ["invitation"]

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = "tr.row:visible"


def find(page: Page, words: str, *, found: int) -> None:
    page.fill("#filter", words)
    expect(page.locator(ROWS)).to_have_count(found)
    expect(page.locator("#found")).to_contain_text(f"{found} ")


def test_a_device_is_found_by_its_room_and_by_the_end_of_its_serial_number(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    serial = Device.objects.order_by("-pk")[0].serial
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        find(page, "physique 1", found=1)
        expect(page.locator(ROWS)).to_contain_text("Labo physique 1")
        find(page, "salle C1", found=1)
        find(page, "SALLE", found=15)
        find(page, "electrotechnique 2", found=1)
        find(page, "bâtiment b salle b101", found=1)
        find(page, serial[-4:], found=1)
        find(page, "inf", found=1)
        assert page.locator(".site:visible").count() == 1, "the other buildings fold away"
        find(page, "xyz", found=0)
        page.fill("#filter", "")
        expect(page.locator(ROWS)).to_have_count(41)


def test_half_a_word_of_one_letter_hides_nothing_for_good(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        page.fill("#filter", "ro")
        expect(page.locator(ROWS).filter(has_text="Robotique")).to_have_count(1)


def test_coming_back_to_a_question_does_not_ask_to_send_again(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    due = DueReading.objects.unanswered().order_by("pk")[0]
    field = f"#value-{due.pk}"
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        page.fill(field, "39600")
        page.get_by_role("button", name=SEND).click()
        expect(page.locator(".problems")).to_be_visible()
        page.locator("footer").get_by_role("link", name="Où trouver").click()
        page.wait_for_url("**/compteur")

        page.go_back()

        page.wait_for_url("**/releves")
        assert page.input_value(field) == "39600"
        expect(page.locator(".question")).to_contain_text("39 684".replace(" ", "\u202f"))
        with page.expect_request(lambda sent: sent.is_navigation_request()) as again:
            page.reload()
        assert again.value.method == "GET"
        assert page.input_value(field) == "39600"
