"""How long a clerk needs from the mail to the receipt, by the keystroke-level model.

A page is driven by keys and clicks, and each one costs what Card, Moran and Newell measured, as
rounded in our targets:

    K  0.28 s  a key pressed, or the button of the mouse
    P  1.1 s   pointing with the mouse
    H  0.4 s   the hand moves between mouse and keyboard
    M  1.35 s  making up one's mind

A click is P and K. A number of five digits is one thing to the mind: M, then a K for each digit, and
Enter for the K that goes on to the next field. Each page that has to be read before it is left costs
one M too: the mail, and the page behind its button. The hand begins at the mouse. Walking to the
devices, and waiting for the machine, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from releveur import clock
from releveur.campaigns.models import DueReading, Invitation, Receipt
from releveur.ops.demo import specimens
from tests.browser.looking import a_page
from tests.browser.test_stories import RECORDED
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device

pytestmark = pytest.mark.django_db(transaction=True)

COST = {"K": 0.28, "P": 1.1, "H": 0.4, "M": 1.35}
BUTTON = "RENSEIGNEZ VOS RELEVÉS COMPTEURS"
MOUSE, KEYBOARD = "mouse", "keyboard"
USUAL = {"mono": 500, "color": 1_050}


@dataclass
class Clerk:
    """Somebody with one hand on the mouse; what she does is done to the page, and counted."""

    page: Page
    hand: str = MOUSE
    done: list[str] = field(default_factory=list)
    clicks: int = 0

    @property
    def seconds(self) -> float:
        return sum(COST[operator] for operator in self.done)

    def thinks(self) -> None:
        self.done.append("M")

    def click(self, target: Locator) -> None:
        self._moves_to(MOUSE)
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.done += ["P", "K"]
        self.clicks += 1

    def types(self, keys: str) -> None:
        for key in keys:
            self.press(key)

    def press(self, key: str) -> None:
        self._moves_to(KEYBOARD)
        self.page.keyboard.press(key)
        self.done.append("K")

    def _moves_to(self, place: str) -> None:
        if self.hand != place:
            self.done.append("H")
            self.hand = place


@pytest.mark.parametrize(("devices", "most"), [(1, 15), (7, 51), (40, 251)])
def test_so_many_devices_take_no_longer_than(
    browser: Browser,
    live_server: LiveServer,
    settings: Settings,
    tmp_path: Path,
    devices: int,
    most: float,
) -> None:
    settings.SITE_URL = live_server.url
    with a_page(browser, at=live_server.url) as page:
        page.goto(a_mail(devices, tmp_path))
        clerk = Clerk(page)
        clerk.thinks()
        clerk.click(page.get_by_role("link", name=BUTTON).first)
        clerk.thinks()
        page.wait_for_url("**/r/*")
        clerk.click(page.get_by_role("button", name="Continuer"))
        page.wait_for_url("**/releves")
        expect(page.locator("input.meter").first).to_be_focused()
        for _device in range(devices):
            for value in ("41200", "92910"):
                clerk.thinks()
                clerk.types(value)
                clerk.press("Enter")
        expect(page.get_by_role("heading", name=RECORDED)).to_be_visible()
    assert Receipt.objects.count() == 1
    assert not DueReading.objects.unanswered().exists()
    assert clerk.seconds <= most
    assert clerk.clicks <= 3


def a_mail(devices: int, folder: Path) -> str:
    """The invitation for so many devices of two counters each, as a mail program shows it."""
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer())
    for number in range(devices):
        a_device(customer, volumes=USUAL, location=f"Salle {number}")
    invitation = Invitation.objects.get(campaign=a_campaign())
    shown = specimens.show("campaigns/mail/invitation", "fr", invitation=invitation, now=OPENED)
    mail = folder / "mail.html"
    mail.write_text(shown.caught.html)
    return mail.as_uri()
