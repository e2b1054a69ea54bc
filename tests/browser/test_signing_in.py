"""Lost mail, in a real browser: address, code, the person's own page, her sheet; in every variant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from releveur import clock
from releveur.campaigns.models import Campaign, Invitation
from releveur.customers.models import LoginCode
from releveur.fleet.models import Device
from releveur.outbox import keys
from tests.browser.looking import checked
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_site,
    answers,
)

pytestmark = pytest.mark.django_db(transaction=True)

LABELS = {
    "fr": ("M’envoyer un code", "Le code reçu par mail", "Voir mes relevés", "Saisir les relevés"),
    "en": ("Send me a code", "The code of the mail", "See my readings", "Enter the readings"),
}


@pytest.fixture
def world() -> Invitation:
    clock.set(OPENED)
    a_dealer()
    for language in LABELS:
        a_contact(a_customer(), email=f"{language}@gramont-services.example", language=language)
    a_device(a_customer(), serial="3923656030", location="Accueil, rez-de-chaussée")
    annex = a_site(a_customer(), name="Entrepôt", address="4 quai de Grenelle")
    a_device(a_customer(), serial="3357120044", model="B405", site=annex, mono=12_305)
    first = a_campaign()
    invitation = Invitation.objects.filter(campaign=first)[0]
    answers(invitation, Device.objects.all()[0], mono=13_500, now=OPENED)
    Campaign.objects.update(state="SIGNED", signed_at=OPENED, signed_by="Mme Roy")
    later = OPENED.replace(month=7)
    clock.set(later)
    a_campaign(due_until=later.date(), now=later)
    return invitation


@pytest.fixture(params=[(1280, "dark", "fr"), (360, "light", "en")])
def visit(
    request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer, world: Invitation
) -> Iterator[tuple[Page, str]]:
    width, scheme, language = request.param
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        locale={"fr": "fr-FR", "en": "en-GB"}[language],
    )
    context.set_default_timeout(10_000)
    yield context.new_page(), language
    context.close()


def test_a_lost_mail_costs_an_address_and_a_code(visit: tuple[Page, str]) -> None:
    page, language = visit
    send, field, see, fill_in = LABELS[language]
    page.goto("/connexion")
    checked(page, f"login-{language}")
    page.fill("#address", "nobody")
    page.get_by_role("button", name=send).click()
    page.wait_for_selector("#address-error")
    checked(page, f"login-wrong-{language}")
    page.fill("#address", f"{language}@gramont-services.example")
    page.keyboard.press("Enter")

    page.wait_for_url("**/connexion/code")
    checked(page, f"code-{language}")
    page.get_by_label(field).fill("2222-2222")
    page.keyboard.press("Enter")
    page.wait_for_selector("#code-error")
    checked(page, f"code-wrong-{language}")
    asked = LoginCode.objects.latest("id").uuid
    page.goto(f"/connexion/lien/{keys.make(asked, 1)}")
    checked(page, f"link-{language}")
    page.goto("/connexion/code")
    page.get_by_label(field).fill(keys.code(asked, 1).lower())
    page.get_by_role("button", name=see).click()

    page.wait_for_url("**/mes-releves")
    page.locator("summary").first.click()
    checked(page, f"own-{language}")
    page.get_by_role("button", name=fill_in).click()
    page.wait_for_url("**/releves")
    assert page.get_by_text("3923656030").count()
    page.goto(f"/connexion/lien/{keys.make(asked, 1)}")
    checked(page, f"over-{language}")
    page.goto("/mes-releves")
    page.evaluate("localStorage.setItem('releveur.draft.1', '{}')")
    page.locator("form[action='/deconnexion'] button").click()
    page.wait_for_url("**/connexion")
    page.wait_for_function("localStorage.length === 0")
