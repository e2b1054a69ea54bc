"""Stories in Chromium: a phone without scripts, a replaced machine, late values, and an undo."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect
from pytest_django.live_server_helper import LiveServer

from releveur import clock
from releveur.campaigns import signing
from releveur.campaigns.models import Campaign, DueReading, Invitation, Problem, Receipt
from releveur.readings.models import Reading
from tests.browser.looking import a_page
from tests.factories import OPENED, answers, meter_of, reading_of
from tests.test_closing import a_silent_quarter
from tests.web.seeing import field, first, second, third
from tests.web.visiting import link

pytestmark = pytest.mark.django_db(transaction=True)

RECORDED = "Vos relevés sont enregistrés"
SEND = "Envoyer m"


def a_picture(kind: str = "JPEG", *, name: str = "IMG_0001.jpg", side: int = 640) -> FilePayload:
    content = BytesIO()
    Image.new("RGB", (side, side), "white").save(content, kind)
    return {"name": name, "mimeType": f"image/{kind.lower()}", "buffer": content.getvalue()}


def enter(page: Page, invitation: Invitation) -> None:
    """From the mail to the sheet."""
    page.goto(link(invitation))
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url("**/releves")  # loaded, and its script with it


def test_on_a_phone_without_scripts_from_the_mail_to_the_receipt(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url, width=360, scripts=False) as page:
        enter(page, invitation)
        values = {(first(), "mono"): "39600", (first(), "color"): "92 910"}
        values |= {(second(), "mono"): "41\u202f200", (second(), "color"): "92910"}
        for (device, code), value in values.items():
            page.fill(f"#{field(device, code)}", value)
        page.get_by_role("button", name=SEND).click()

        expect(page.locator(".question")).to_contain_text("84 impressions")
        assert page.input_value(f"#{field(first(), 'mono')}") == "39600"
        expect(page.get_by_text("Le reste est enregistré")).to_be_visible()
        page.get_by_label("Choisir un fichier").set_input_files(a_picture())
        page.get_by_label("Le compteur ou la carte de l’équipement a été remplacé").check()
        page.fill(f"#{field(third(), 'mono')}", "13500")
        page.get_by_role("button", name=SEND).click()

        expect(page.get_by_role("heading", name=RECORDED)).to_be_visible()
    assert not DueReading.objects.unanswered().exists()
    assert reading_of(meter_of(first())).proof is not None
    assert reading_of(meter_of(first())).by_contact == invitation.contact


def test_a_replaced_machine_is_told_with_both_counters_and_taken_back(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        page.get_by_role("link", name="Un problème ? 7855V_F 3923656030").click()
        page.get_by_label("il a été remplacé").check()
        page.get_by_label("N° de série du nouvel équipement").fill("3999000001")
        for name, value in {"old-MONO": "40 100", "old-COLOR": "90500", "new-MONO": "12"}.items():
            page.fill(f"#{name}", value)
        page.get_by_role("button", name="Signaler ce problème").click()

        row = page.locator(f"#device-{first().pk}")
        expect(row).to_contain_text("il a été remplacé")
        expect(row).to_contain_text("Signalé par Alexandra le 05/04/2022")
        assert row.locator("input.meter").count() == 0
        told = Problem.objects.get()
        assert (told.what, told.new_serial) == ("REPLACED", "3999000001")
        assert told.values == {"old": {"MONO": 40_100, "COLOR": 90_500}, "new": {"MONO": 12}}

        row.get_by_role("link", name="Modifier").click()
        assert page.input_value("#old-MONO") == "40100", "what was told stands in the form"
        page.get_by_role("button", name="Il n’y a plus de problème").click()
        expect(row.locator("input.meter")).to_have_count(2)
    assert Problem.objects.get().taken_back_at == OPENED


def test_a_value_after_the_deadline_replaces_the_estimate(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    campaign = a_silent_quarter()
    clock.set(campaign.closes_at.replace(day=29))
    estimate = DueReading.objects.get(meter=meter_of(first())).estimate
    assert estimate is not None
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        expect(page.locator(".deadline")).to_contain_text("ils remplacent l’estimation")
        expect(page.locator(f"#device-{first().pk}")).to_contain_text("Estimé")
        declare(page, "41400", "93500")
        expect(page.get_by_role("heading", name=RECORDED)).to_be_visible()
    row = DueReading.objects.get(meter=meter_of(first()))
    assert row.estimate is None and row.reading is not None
    assert (row.reading.value, row.reading.source) == (41_400, "CUSTOMER")


def test_a_value_after_the_signature_is_proposed_for_the_next_period(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    campaign = a_silent_quarter()
    later = campaign.closes_at.replace(day=29)
    clock.set(later)
    signing.sign(campaign.pk, by="Mme Roy", now=later)
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        expect(page.locator(".deadline")).to_contain_text("corrige la suivante")
        declare(page, "41400", "93500")
        expect(page.get_by_role("heading", name=RECORDED)).to_be_visible()
        expect(page.get_by_text("la différence viendra avec la suivante")).to_be_visible()
    row = DueReading.objects.get(meter=meter_of(first()))
    assert row.reading is not None and row.reading.source == "SYSTEM", "what was invoiced stands"
    proposal = Reading.objects.get(meter=meter_of(first()), proposed=True)
    assert proposal.value == 41_400


def declare(page: Page, mono: str, color: str) -> None:
    page.fill(f"#{field(first(), 'mono')}", mono)
    page.fill(f"#{field(first(), 'color')}", color)
    page.get_by_role("button", name=SEND).click()


def test_a_receipt_is_undone_and_the_devices_are_asked_again(
    browser: Browser, live_server: LiveServer, invitation: Invitation
) -> None:
    for device in (first(), second()):
        answers(invitation, device, mono=41_200, color=92_910, now=OPENED)
    number = Receipt.objects.latest("pk").number
    with a_page(browser, at=live_server.url) as page:
        enter(page, invitation)
        page.goto(f"/releves/recu/{number}")
        page.get_by_text("Envoyé par erreur").click()
        page.get_by_role("button", name="Annuler cet envoi").click()
        expect(page.get_by_role("heading", name="Vous avez annulé cet envoi")).to_be_visible()
        page.goto("/releves")
        expect(page.locator("#progress")).to_contain_text("1 équipement relevé sur 3")
        assert page.input_value(f"#{field(second(), 'mono')}") == ""
    assert Campaign.objects.get().state == "OPEN"
    assert DueReading.objects.unanswered().count() == 3
