"""A device handed to a colleague and taken back, and a successor named, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from releveur.campaigns.models import Handover, Invitation
from tests.browser.looking import checked
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)


def fills(page: Page, *, email: str = "karim@gramont-services.example") -> None:
    page.get_by_label("Prénom").fill("Karim")
    page.get_by_label("Nom (facultatif)").fill("Benali")
    page.get_by_label("Adresse mail professionnelle").fill(email)


def test_a_device_is_handed_over_and_taken_back(visit: Page, live_server: LiveServer) -> None:
    visit.get_by_role("link", name=re.compile("Transmettre .*3923656030")).click()
    checked(visit, "hand-over")
    fills(visit, email="karim@gramont")
    visit.get_by_role("button", name="Transmettre ce relevé").click()
    assert visit.title().startswith("Erreur")
    checked(visit, "hand-over-error")
    fills(visit)
    visit.get_by_role("button", name="Transmettre ce relevé").click()
    checked(visit, "handed-over")

    assert visit.context.browser is not None
    other = visit.context.browser.new_context(base_url=live_server.url, locale="fr-FR")
    karim = other.new_page()
    karim.set_viewport_size({"width": 360, "height": 800})
    karim.goto(link(Handover.objects.get().receiver))
    checked(karim, "handed-to-me")
    karim.get_by_role("button", name="Continuer").click()
    checked(karim, "handed-sheet")
    visit.get_by_role("button", name="Reprendre").click()
    checked(visit, "taken-back")
    karim.reload()
    assert "3923656030" not in karim.content()
    other.close()


def test_a_successor_is_named_in_one_step(visit: Page, invitation: Invitation) -> None:
    visit.get_by_role("link", name="Dites-nous qui s’en charge").click()
    checked(visit, "not-me")
    fills(visit, email="karim@orange.fr")
    visit.get_by_role("button", name="Indiquer cette personne").click()
    checked(visit, "not-me-waiting")
    fills(visit)
    visit.get_by_role("button", name="Indiquer cette personne").click()
    checked(visit, "not-me-thanks")
    for name, address in (("sheet-after", "/releves"), ("landing-after", link(invitation))):
        visit.goto(address)
        checked(visit, name)
