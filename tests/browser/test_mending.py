"""The customer swaps two counters: asked in place, mended with one click, kept with another; without scripts too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from releveur.campaigns.models import Invitation, Receipt
from releveur.readings.models import Finding
from tests.browser.conftest import VARIANTS
from tests.browser.looking import a_page, checked, looked_at
from tests.browser.test_stories import RECORDED, SEND, enter
from tests.factories import meter_of, reading_of
from tests.web.seeing import field, first, second, third

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = "Vous avez peut-être inversé noir et couleur. Inverser ?"


def swaps(page: Page) -> None:
    page.fill(f"#{field(first(), 'mono')}", "92910")
    page.fill(f"#{field(first(), 'color')}", "41200")
    page.keyboard.press("Tab")


def value(page: Page, code: str) -> str:
    typed = page.input_value(f"#{field(first(), code)}")
    return "".join(one for one in typed if one.isdigit())


def test_with_scripts_it_is_asked_in_place_and_mended_in_the_fields(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        swaps(page)
        zone = page.locator(f"#device-{first().pk} + .question-row")
        expect(zone).to_contain_text(WORDS)
        expect(zone.get_by_label("Prendre une photo")).to_have_count(0)
        looked_at(page, "asked in place")
        expect(page.locator("#ready")).to_be_empty()
        zone.get_by_role("button", name="Inverser").click()
        expect(zone).to_contain_text("C’est corrigé")
        assert (value(page, "mono"), value(page, "color")) == ("41200", "92910")
        expect(page.locator("#ready")).to_contain_text("1 équipement prêt")
        assert not Receipt.objects.exists(), "the other devices are still to be typed"
        page.fill(f"#{field(second(), 'mono')}", "41250")
        page.fill(f"#{field(second(), 'color')}", "92910")
        page.fill(f"#{field(third(), 'mono')}", "13500")
        page.get_by_role("button", name=SEND).click()
        expect(page.get_by_role("heading", name=RECORDED)).to_be_visible()
    assert reading_of(meter_of(first())).value == 41_200
    found = reading_of(meter_of(first())).findings.get()
    assert (found.answer, found.numbers["typed"][str(meter_of(first()).pk)]) == ("MENDED", 92_910)


def test_with_scripts_kept_as_typed_it_asks_for_the_photo(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        swaps(page)
        zone = page.locator(f"#device-{first().pk} + .question-row")
        zone.get_by_role("button", name="Garder ce que j’ai saisi").click()
        expect(zone.get_by_label("Prendre une photo")).to_have_count(1)
        assert (value(page, "mono"), value(page, "color")) == ("92910", "41200")
        page.fill(f"#{field(first(), 'mono')}", "41200")
        page.fill(f"#{field(first(), 'color')}", "92910")
        page.keyboard.press("Tab")
        expect(zone).to_have_count(0)
    assert not Finding.objects.exists()


def test_with_scripts_a_new_board_is_asked_about_in_place_and_keeps_its_photo_zone(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        page.fill(f"#{field(first(), 'mono')}", "210")
        page.fill(f"#{field(first(), 'color')}", "150")
        page.keyboard.press("Tab")
        zone = page.locator(f"#device-{first().pk} + .question-row")
        expect(zone.locator("input[name^=ended-]")).to_have_count(2)
        expect(zone.get_by_label("Prendre une photo")).to_have_count(1)
        expect(zone.locator("input[value=METER_REPLACED]")).to_be_checked()


@pytest.mark.parametrize(("width", "scheme"), VARIANTS)
def test_without_scripts_a_second_page_has_the_same_two_buttons(
    browser: Browser, live_server: LiveServer, invitation: Invitation, width: int, scheme: str
) -> None:
    with a_page(browser, at=live_server.url, width=width, scripts=False) as page:
        enter(page, invitation)
        swaps(page)
        page.get_by_role("button", name=SEND).click()
        expect(page.locator(".question")).to_contain_text(WORDS)
        page.locator(f"#{field(first(), 'mono')}").press("Enter")
        expect(page.locator(".question")).to_contain_text(WORDS)
        assert not Receipt.objects.exists(), "Enter answers no question"
        page.get_by_role("button", name="Inverser").dblclick()
        expect(page.get_by_role("heading", name=RECORDED)).to_be_visible()
    assert Receipt.objects.count() == 1
    assert reading_of(meter_of(first())).value == 41_200


def test_in_the_window_the_question_is_answered_where_it_stands(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        page.locator(f"#device-{first().pk} a.enter").click()
        dialog = page.locator("dialog")
        dialog.locator("input.meter").first.fill("92910")
        dialog.locator("input.meter").last.fill("41200")
        page.keyboard.press("Tab")
        expect(dialog.locator(".question")).to_contain_text(WORDS)
        dialog.get_by_role("button", name="Inverser").click()
        expect(dialog).not_to_be_visible()
        expect(page.locator(f"#device-{first().pk}")).to_contain_text("41 200")
    assert reading_of(meter_of(first())).value == 41_200


def test_the_question_looks_right_wide_and_narrow_light_and_dark(visit: Page) -> None:
    swaps(visit)
    expect(visit.locator(".question")).to_contain_text(WORDS)
    checked(visit, "swapped")
    visit.get_by_role("button", name=SEND).click()
    expect(visit.locator(".problems")).to_contain_text(WORDS)
    checked(visit, "swapped-sent")


def test_a_new_board_and_a_slipped_digit_look_right_in_both_languages(visit: Page) -> None:
    for mono, color, name in (("210", "150", "board"), ("412000", "92910", "digit")):
        visit.fill(f"#{field(first(), 'mono')}", mono)
        visit.fill(f"#{field(first(), 'color')}", color)
        visit.get_by_role("button", name=SEND).click()
        expect(visit.locator(".problems")).to_be_visible()
        checked(visit, name)
    visit.get_by_role("button", name="English").click()
    expect(visit.locator(".question")).to_contain_text("Keep what I typed")
    checked(visit, "digit-en")
