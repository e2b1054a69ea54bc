"""The pages of an appointment in a real browser: every state in four variants, and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from releveur.appointments.models import Appointment
from releveur.campaigns.models import Invitation
from releveur.customers.models import Contact
from tests.browser.looking import checked
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)

FORM = "/releves/rendez-vous"


@pytest.fixture
def invitation(invitation: Invitation) -> Invitation:
    Contact.objects.update(phone="01 44 00 00 01", last_name="Morel")
    return invitation


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
