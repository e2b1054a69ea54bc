"""What the sheet says of silence while a device is typed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from releveur import clock
from releveur.campaigns.models import Invitation
from releveur.customers.models import Contact
from tests.browser.looking import a_page, looked_at
from tests.factories import OPENED
from tests.web.seeing import field, first, third
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)

DUE = "(estimated counter 92,782) on 5 Apr 2022"
TODAY = "Colour 3,625 impressions (estimated counter 93,300) on 20 Apr 2022"
BLACK = "Black 1,479 impressions (estimated counter 41,163) on 5 Apr 2022"
COLOUR = f"Colour 3,107 impressions {DUE}"


@pytest.fixture
def sheet(browser: Browser, live_server: LiveServer, invitation: Invitation) -> Iterator[Page]:
    """Opened after the second reminder."""
    Contact.objects.update(language="en")
    clock.set(OPENED + timedelta(days=15))
    with a_page(browser, at=live_server.url) as page:
        page.goto(link(invitation))
        page.locator("main button").click()
        yield page


def line(page: Page) -> Locator:
    return page.locator(f"#silence-{first().pk} p")


def says(line: Locator, *parts: str) -> None:
    """Exactly these meters, each as said."""
    visible = line.locator("[data-of]:visible")
    expect(visible).to_have_text(list(parts))


def test_half_a_device_typed_the_rest_is_said_for_the_day_it_is_read(sheet: Page) -> None:
    mono, colour = (sheet.locator(f"#{field(first(), code)}") for code in ("mono", "color"))
    says(line(sheet), BLACK, COLOUR)

    mono.press_sequentially("4")
    says(line(sheet), TODAY)
    colour.fill("92910")
    expect(line(sheet)).to_be_hidden()
    colour.fill("")
    mono.fill("")
    says(line(sheet), BLACK, COLOUR)

    mono.fill("41200")
    sheet.locator("#on").fill("2022-04-05")
    says(line(sheet), COLOUR)
    sheet.locator("#on").fill("2022-04-11")
    expect(line(sheet), "of this day nothing is known before it is sent").to_be_hidden()
    looked_at(sheet, "half typed")


def test_the_window_of_a_device_says_the_same_and_the_row_follows(sheet: Page) -> None:
    opens = sheet.locator(f"#device-{first().pk} a.enter")
    sheet.locator(f"#{field(first(), 'mono')}").fill("41200")
    opens.click()
    dialog = sheet.locator("dialog")
    says(dialog.locator(".silence"), TODAY)
    looked_at(sheet, "the window, half typed")

    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog).to_be_hidden()
    says(line(sheet), TODAY)
    expect(sheet.locator(f"#silence-{first().pk}")).to_have_count(1)

    opens = sheet.locator(f"#device-{first().pk} a.enter")
    opens.click()
    dialog.locator("input.meter").last.fill("92910")
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog).to_be_hidden()
    expect(line(sheet)).to_have_count(0)


def test_a_meter_that_nobody_knows_a_volume_of_has_no_line(sheet: Page) -> None:
    expect(sheet.locator(f"#silence-{third().pk}")).to_have_count(0)
