"""The pages of an appointment in a real browser: every state in four variants, and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from releveur import clock
from releveur.appointments.models import Appointment
from releveur.campaigns.models import Invitation
from tests.browser.test_portal import VARIANTS, checked
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_site,
)
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)

FORM = "/releves/rendez-vous"


@pytest.fixture
def invitation() -> Invitation:
    clock.set(OPENED)
    a_dealer()
    contact = a_contact(customer := a_customer(), phone="01 44 00 00 01")
    contact.last_name = "Morel"
    contact.save()
    a_device(customer, serial="3923656030", location="Accueil, rez-de-chaussée")
    a_device(customer, serial="3932410077", model="C8045", location="2e étage")
    annex = a_site(customer, name="Entrepôt", address="4 quai de Grenelle")
    a_device(customer, serial="3357120044", model="B405", site=annex, mono=12_305)
    return Invitation.objects.get(campaign=a_campaign())


@pytest.fixture(params=VARIANTS)
def visit(
    request: pytest.FixtureRequest,
    browser: Browser,
    live_server: LiveServer,
    invitation: Invitation,
) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        locale="fr-FR",
    )
    page = context.new_page()
    page.goto(link(invitation))
    page.get_by_role("button", name="Continuer").click()
    yield page
    context.close()


def test_every_state_of_an_appointment_can_be_used_by_everybody(visit: Page) -> None:
    checked(visit, "sheet-with-appointment")
    visit.get_by_role("link", name="prenez rendez-vous").click()
    checked(visit, "appointment-place")
    visit.get_by_role("button", name="Continuer").click()
    checked(visit, "appointment")
    visit.get_by_text("alexandra@gramont-services.example").click()
    visit.fill("#email", "alexandra")
    visit.fill("#call_on", "2022-04-09")
    visit.get_by_role("button", name="Demander").click()
    checked(visit, "appointment-errors")
    assert visit.title().startswith("Erreur")
    assert visit.evaluate("document.activeElement.className") == "problems"
    visit.fill("#email", "alexandra@gramont-services.example")
    visit.fill("#call_on", "2022-04-12")
    visit.get_by_role("button", name="Demander").click()
    checked(visit, "appointment-asked")
    visit.get_by_role("link", name="Modifier").click()
    checked(visit, "appointment-open")
    visit.get_by_role("button", name="Annuler").click()
    checked(visit, "appointment-cancelled")


def test_an_appointment_takes_three_clicks_without_javascript(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    context = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, locale="fr-FR"
    )
    page = context.new_page()
    page.goto(link(invitation))
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("link", name="prenez rendez-vous").click()
    page.get_by_label("Entrepôt").check()
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Date à laquelle").fill("2022-04-12")
    page.get_by_role("button", name="Demander").click()
    assert page.get_by_role("heading", name="enregistrée").is_visible()
    assert Appointment.objects.get().town == "Paris"
    context.close()
