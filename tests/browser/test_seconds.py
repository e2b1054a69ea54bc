"""Fifteen seconds a device, by the keystroke-level model, from what a real browser really was given.

K, a key or a mouse button: 0.28 s. P, pointing at something: 1.1 s. H, a hand from mouse to keyboard or
back: 0.4 s. M, making up one's mind: 1.35 s, before every click and before every number. The walk to the
printer is not counted. The events are counted in the page; a number has five digits and an Enter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from releveur import clock
from releveur.campaigns.models import DueReading, Invitation
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)

K, P, H, M = 0.28, 1.1, 0.4, 1.35
COUNT = """
for (const what of ["keydown", "click"]) {
  addEventListener(what, (event) => {
    if (!event.isTrusted || (what === "click" && event.detail === 0)) return;
    sessionStorage[what] = Number(sessionStorage[what] ?? 0) + 1;
  }, true);
}
"""


@dataclass(frozen=True, slots=True)
class Work:
    """What hands and head did."""

    clicks: int
    keys: int
    numbers: int

    @property
    def seconds(self) -> float:
        """One hand goes from the mouse to the keyboard once, and stays there."""
        return self.clicks * (M + P + K) + self.numbers * M + self.keys * K + H


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, locale="fr-FR")
    context.add_init_script(COUNT)
    yield context.new_page()
    context.close()


def an_invitation(devices: int) -> Invitation:
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer())
    for _device in range(devices):
        a_device(customer, mono=39_684, color=89_675, volumes={"mono": 500, "color": 1_050})
    return Invitation.objects.get(campaign=a_campaign())


def work(page: Page, devices: int) -> Work:
    """From the mail's red button, which is the first click, to the receipt."""
    page.goto(link(an_invitation(devices)))
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url("**/releves")
    numbers = ["41200", "92900"] * devices
    page.wait_for_function("document.activeElement.matches('input.meter')")
    for number in numbers:
        page.keyboard.type(number)
        page.keyboard.press("Enter")
    page.get_by_role("heading", name="Vos relevés sont enregistrés").wait_for()
    assert not DueReading.objects.unanswered().exists()
    keys, clicks = page.evaluate("[sessionStorage.keydown, sessionStorage.click].map(Number)")
    return Work(clicks=1 + clicks, keys=keys, numbers=len(numbers))


@pytest.mark.parametrize(("devices", "most"), [(1, 15), (7, 51), (40, 251)])
def test_a_form_takes_no_longer_than_promised(page: Page, devices: int, most: float) -> None:
    done = work(page, devices)
    assert done.keys == 6 * done.numbers, "five digits and an Enter each"
    assert done.clicks <= 3
    assert done.seconds <= most, f"{done.seconds:.1f} s for {devices}"
