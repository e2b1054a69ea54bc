"""The customer's pages in a real browser: without JavaScript, light and dark, wide and narrow."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from releveur.campaigns.models import Campaign, DueReading, Invitation
from releveur.fleet.models import Device
from tests.browser.looking import checked
from tests.factories import (
    OPENED,
    answers,
)
from tests.web.seeing import field
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_state_of_the_sheet_can_be_used_by_everybody(
    visit: Page, invitation: Invitation
) -> None:
    checked(visit, "sheet")
    low, high = (Device.objects.get(serial=serial) for serial in ("3923656030", "3932410077"))
    other = Device.objects.get(serial="3357120044")
    visit.fill(f"#{field(low, 'mono')}", "39600")
    visit.fill(f"#{field(low, 'color')}", "92 910")
    visit.fill(f"#{field(high, 'mono')}", "41.200")
    visit.fill(f"#{field(other, 'mono')}", "13 500")
    visit.locator(".bar .button").click()
    checked(visit, "questions")
    assert visit.title().startswith("Erreur")

    answers(invitation, high, mono=41_200, color=92_000, now=OPENED)
    answers(invitation, low, mono=41_200, color=92_000, now=OPENED)
    visit.goto("/releves")
    checked(visit, "done")
    Campaign.objects.update(state="CLOSED")
    visit.goto("/releves")
    checked(visit, "closed")


def test_every_other_page_can_be_used_by_everybody(
    visit: Page, live_server: LiveServer, invitation: Invitation
) -> None:
    device = Device.objects.get(serial="3923656030")
    answer = answers(invitation, device, mono=41_200, color=92_910, now=OPENED)
    assert answer.receipt is not None
    pages = {
        "receipt": f"/releves/recu/{answer.receipt.number}",
        "enter": link(invitation),
        "unknown-link": "/r/AAAAAAAAAAAAAAAAAAAAAA",
        "where": "/compteur",
    }
    for name, address in pages.items():
        visit.goto(address)
        checked(visit, name)
    visit.goto("/releves")
    visit.get_by_role("button", name="English").click()
    checked(visit, "sheet-en")


def test_nothing_scrolls_sideways_on_the_narrowest_screen(visit: Page) -> None:
    visit.set_viewport_size({"width": 320, "height": 700})
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visit.evaluate(overflow) == 0


def test_from_the_mail_to_the_receipt_without_javascript_in_three_clicks(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    context = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, locale="fr-FR"
    )
    page = context.new_page()
    page.goto(link(invitation))
    page.get_by_role("button", name="Continuer").click()
    for row in DueReading.objects.select_related("meter__kind"):
        page.fill(f"#value-{row.pk}", "13 200" if row.meter.device.serial == "3357120044" else (
            "41 200" if row.meter.kind.code == "MONO" else "92 910"
        ))  # fmt: skip
    page.locator(".bar .button").click()
    assert page.get_by_role("heading", name="Vos relevés sont enregistrés").is_visible()
    assert not DueReading.objects.unanswered().exists()
    assert DueReading.objects.values_list("reading__taken_on", flat=True)[0] == date(2022, 4, 5)
    context.close()
