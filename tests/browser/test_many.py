"""Forty-one devices in a real browser: paper and spreadsheet, without JavaScript's help."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from releveur import clock
from releveur.campaigns.models import DueReading, Invitation, Receipt
from releveur.ops.demo.machines import ROOMS
from tests.browser.looking import SHOTS, checked
from tests.factories import (
    OPENED,
    READ_ON,
    a_billed_reading,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_meter,
    a_site,
    answers,
)
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def invitation() -> Invitation:
    """A school of three buildings."""
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer(code="CL001012", name="Lycée Jean-Moulin"))
    usual = {"mono": 500, "color": 1_050}
    for building, rooms in zip("ABC", ROOMS, strict=True):
        site = a_site(customer, name=f"Bâtiment {building}", address="4 avenue des Cordeliers")
        for number, room in enumerate(rooms):
            location = f"{room}, {number % 3}e étage" if number % 3 else f"{room}, RDC"
            device = a_device(customer, site=site, location=location, volumes=usual, mono=39_684)
            if number % 4 == 3:
                a_billed_reading(a_meter(device, "color", monthly_volume=1_050), READ_ON, 89_675)
    invitation = Invitation.objects.get(campaign=a_campaign())
    first = DueReading.objects.order_by("pk")[0].meter.device
    answers(invitation, first, mono=41_200, now=OPENED)
    return invitation


def test_the_pages_of_many_devices_are_in_order(visit: Page, tmp_path: Path) -> None:
    visit.get_by_text("Sur papier ou dans un tableur").click()
    checked(visit, "entry")

    visit.get_by_role("link", name="Feuille à imprimer").click()
    checked(visit, "paper")
    pages = visit.pdf(path=Path(SHOTS or tmp_path) / "feuille.pdf", prefer_css_page_size=True)
    assert pages.count(b"/Type /Page\n") in range(3, 7), "41 devices on a few sheets"

    other = tmp_path / "autre.csv"
    other.write_text("Produit;Prix\nStylo;2\n")
    visit.goto("/releves/tableur/envoyer")
    visit.get_by_label("Le tableur que vous avez rempli").set_input_files(other)
    visit.get_by_role("button", name="Renvoyer le tableur rempli").click()
    checked(visit, "refused")


def test_forty_one_devices_by_spreadsheet(
    browser: Browser, live_server: LiveServer, invitation: Invitation, tmp_path: Path
) -> None:
    context = browser.new_context(
        base_url=live_server.url, locale="fr-FR", java_script_enabled=False, accept_downloads=True
    )
    page = context.new_page()
    page.goto(link(invitation))
    page.get_by_role("button", name="Continuer").click()
    page.get_by_text("Sur papier ou dans un tableur").click()
    with page.expect_download() as caught:
        page.get_by_role("link", name="Télécharger le tableur").click()
    assert caught.value.suggested_filename == "releves-CL001012-2022-04-05.xlsx"
    filled = tmp_path / caught.value.suggested_filename
    caught.value.save_as(filled)

    book = load_workbook(filled)
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for number, row in enumerate(sheet.iter_rows(min_row=2)):
        for cell, old in ((row[11], 39_684), (row[12], 89_675)):
            if not cell.protection.locked:
                cell.value = old + 1_516
        if number == 9:
            row[11].value = 39_600
    book.save(filled)

    page.get_by_label("Le tableur que vous avez rempli").set_input_files(filled)
    page.get_by_role("button", name="Renvoyer le tableur rempli").click()
    page.get_by_role("heading", name="Un équipement demande une précision").wait_for()
    assert page.locator("input.meter[aria-invalid], .question").count() == 1
    wrong = page.locator("input[value='39600']")
    wrong.fill("41200")
    page.get_by_role("button", name="Envoyer").click()
    page.get_by_role("heading", name="Vos relevés sont enregistrés").wait_for()
    assert not DueReading.objects.unanswered().exists()
    assert Receipt.objects.count() == 3, "the first device, the file, the mended one"
    context.close()
