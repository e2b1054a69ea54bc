"""What scripts add: keys, the window of a device, photos sent ahead, drafts. No number is ever lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from releveur.campaigns.models import DueReading, Invitation, Receipt
from releveur.fleet.models import Device
from releveur.readings.models import Proof
from tests.browser.looking import a_page
from tests.browser.test_stories import RECORDED, SEND, a_picture, enter
from tests.factories import meter_of, reading_of
from tests.web.seeing import field, first, second, third
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)

PHOTO = "/releves/photo"
RECEIVED = "Votre photo est reçue."
LOST = "La photo n’est pas arrivée. Vos nombres sont gardés."
NO_NETWORK = "Failed to load resource: net::"
NO_SERVER = "Failed to load resource: the server responded with a status of 503"
MOST_TABS = 60


def box(page: Page, device: Device, code: str) -> Locator:
    return page.locator(f"#{field(device, code)}")


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus."""
    for _press in range(MOST_TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    pytest.fail("the keyboard does not come there")


def lower(page: Page) -> Locator:
    """Type a value below the last one; the zone that opens."""
    box(page, first(), "mono").fill("39600")
    box(page, first(), "color").fill("92910")
    page.keyboard.press("Tab")
    zone = page.locator(f"#device-{first().pk} + .question-row")
    expect(zone).to_be_visible()
    return zone


def test_with_the_keyboard_alone_from_the_link_to_the_receipt(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        page.goto(link(invitation))
        tab_to(page, page.get_by_role("button", name="Continuer"))
        page.keyboard.press("Enter")
        page.wait_for_url("**/releves")
        tab_to(page, box(page, third(), "mono"))
        page.keyboard.type("13500")
        page.goto("/releves")
        in_the_window(page)
        for device, code, value in (
            (second(), "mono", "41200"), (second(), "color", "92910"),
        ):  # fmt: skip
            tab_to(page, box(page, device, code))
            page.keyboard.type(value)
        assert box(page, third(), "mono").input_value() == "13500", "typed before the window"
        tab_to(page, page.get_by_role("button", name=SEND))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=RECORDED)).to_be_visible()
    assert not DueReading.objects.unanswered().exists()


def in_the_window(page: Page) -> None:
    """Open the first device, leave it by Escape, open it again and confirm."""
    opens = page.locator(f"#device-{first().pk} a.enter")
    tab_to(page, opens)
    page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    expect(dialog.locator("input.meter").first).to_be_focused()
    assert page.evaluate("document.querySelector('dialog').matches(':modal')")
    page.keyboard.type("41300")
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(opens).to_be_focused()
    assert box(page, first(), "mono").input_value() == "41300", "what is typed stands in the row"

    page.keyboard.press("Enter")
    expect(dialog.locator("input.meter").first).to_have_value("41300")
    page.keyboard.press("Enter")
    expect(dialog.locator("input.meter").last).to_be_focused()
    page.keyboard.type("92950")
    tab_to(page, dialog.get_by_role("button", name="Valider"))
    page.keyboard.press("Enter")
    expect(dialog).not_to_be_visible()
    row = page.locator(f"#device-{first().pk}")
    expect(row).to_contain_text("Relevé")
    expect(row.get_by_role("link", name="Modifier")).to_be_focused()
    assert row.locator("input.meter").count() == 0
    expect(page.locator("#progress")).to_contain_text("1 équipement relevé sur 3")


def test_a_lower_value_opens_a_zone_with_its_reasons_and_a_higher_one_closes_it(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        zone = lower(page)
        expect(zone).to_contain_text("39 684")
        expect(zone.get_by_label("Prendre une photo")).to_have_attribute("capture", "environment")
        assert zone.get_by_label("Choisir un fichier").get_attribute("capture") is None
        assert zone.get_by_role("radio").count() == 3
        expect(page.locator("#ready")).to_be_empty()
        box(page, first(), "mono").fill("41200")
        page.keyboard.press("Tab")
        expect(zone).to_have_count(0)
        expect(page.locator("#ready")).to_contain_text("1 équipement prêt")


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "IMG_0001.jpg"), ("HEIF", "IMG_0001.HEIC"), ("HEIF", "photo.jpg")]
)
def test_a_photo_is_sent_ahead_and_the_form_carries_its_ticket(
    browser: Browser, live_server: LiveServer, invitation: Invitation, kind: str, name: str
) -> None:
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        zone = lower(page)
        zone.get_by_label("Choisir un fichier").set_input_files(a_picture(kind, name=name))
        expect(zone.get_by_role("status")).to_have_text(RECEIVED)
        assert zone.locator("img.preview").is_visible() is (kind == "JPEG")
        assert zone.locator("[name^=proof-]").input_value()
        assert Proof.objects.count() == 1 and not Receipt.objects.exists()
        zone.get_by_label("Une autre raison").check()
        expect(page.locator("#ready")).to_contain_text("1 équipement prêt")
        page.get_by_role("button", name=SEND).click()
        expect(page.get_by_role("heading", name=RECORDED)).to_be_visible()
    assert reading_of(meter_of(first())).proof == Proof.objects.get()


def test_a_heavy_photo_is_made_small_before_it_is_sent(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    photo = a_picture("BMP", name="IMG_0002.bmp", side=800)
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        zone = lower(page)
        with page.expect_request(f"**{PHOTO}") as sent:
            zone.get_by_label("Choisir un fichier").set_input_files(photo)
        expect(zone.get_by_role("status")).to_have_text(RECEIVED)
        assert int(sent.value.all_headers()["content-length"]) < len(photo["buffer"]) / 20


@pytest.mark.parametrize("failure", ["offline", "server"])
def test_a_photo_that_does_not_arrive_is_tried_again_and_no_number_is_lost(
    browser: Browser, live_server: LiveServer, invitation: Invitation, failure: str
) -> None:
    complains = (NO_NETWORK, NO_SERVER)
    with a_page(browser, at=live_server.url, forgives=complains) as page:
        enter(page, invitation)
        zone = lower(page)
        page.route(
            f"**{PHOTO}",
            lambda route: route.abort() if failure == "offline" else route.fulfill(status=503),
        )
        zone.get_by_label("Choisir un fichier").set_input_files(a_picture())
        expect(zone.get_by_role("status")).to_have_text(LOST)
        assert not zone.locator("[name^=proof-]").input_value()
        page.unroute(f"**{PHOTO}")
        zone.get_by_role("button", name="Réessayer").click()
        expect(zone.get_by_role("status")).to_have_text(RECEIVED)
        expect(zone.get_by_role("button", name="Réessayer")).to_be_hidden()
        assert box(page, first(), "mono").input_value() == "39600"
        assert box(page, first(), "color").input_value() == "92910"


def test_a_file_that_is_no_photo_is_refused_beside_it_and_another_is_taken(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    note = a_picture() | {"buffer": b"no picture"}
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        zone = lower(page)
        zone.get_by_label("Choisir un fichier").set_input_files(note)
        expect(zone.get_by_role("status")).to_contain_text("JPEG")
        expect(zone.get_by_role("button", name="Réessayer")).to_be_hidden()
        zone.get_by_label("Choisir un fichier").set_input_files(a_picture())
        expect(zone.get_by_role("status")).to_have_text(RECEIVED)
