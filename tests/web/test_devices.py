from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releveur import clock
from releveur.campaigns.models import Campaign, DueReading, Invitation, Receipt
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from releveur.readings.models import Proof, Reading
from tests.factories import (
    DUE_ON,
    OPENED,
    a_billed_estimate,
    a_campaign,
    a_contact,
    a_customer,
    a_device,
    a_site,
    answers,
    meter_of,
    reading_of,
)
from tests.web.seeing import field
from tests.web.visiting import Page, a_photo, fields, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, serial="3923656030", volumes={"mono": 500, "color": 1_050})


def sends(visitor: Client, device: Device, **typed: object) -> Page:
    """Fill in the page as shown and send it; meters by code, other fields by their prefix."""
    form: dict[str, object] = dict(fields(visitor.get("/releves")))
    for what, value in typed.items():
        meter = what in ("mono", "color")
        form[field(device, what) if meter else f"{what}-{device.pk}"] = value
    return visitor.post("/releves", form)


def test_the_page_shows_the_seeds_columns_and_the_last_billed_value(visitor: Client) -> None:
    seen = text(visitor.get("/releves"))
    for column in ("Statut", "Modèle", "N° de série", "Localisation", "Date du dernier relevé"):
        assert f">{column}</th>" in seen
    assert "Compteur Noir" in seen and "Compteur Couleur" in seen
    assert "1 enregistrement trouvé" in seen
    assert "dernier relevé : 39 684" in seen and "05/01/2022" in seen
    assert "Gramont Services" in seen and "CL001007" in seen and "Comptabilité Fournisseurs" in seen


def test_fields_are_empty_and_the_day_is_today(visitor: Client, device: Device) -> None:
    form = fields(visitor.get("/releves"))
    assert (form[field(device, "mono")], form[field(device, "color")]) == ("", "")
    assert form["on"] == "2022-04-05"


def test_sending_leads_to_the_receipt(visitor: Client, device: Device) -> None:
    answer = sends(visitor, device, mono="41 200", color="92\u202f910")

    receipt = Receipt.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/releves/recu/{receipt.number}")
    seen = text(visitor.get(answer["Location"]))
    assert receipt.number in seen and "41 200" in seen and "92 910" in seen


def test_half_a_row_is_kept_and_the_rest_may_come_later(visitor: Client, device: Device) -> None:
    sends(visitor, device, mono="41200")
    page = visitor.get("/releves")
    assert "Partiel" in text(page)
    assert "Déclaré par Alexandra" in text(page)
    sends(visitor, device, color="92910")
    assert not DueReading.objects.unanswered().exists()
    assert Receipt.objects.count() == 2


def test_a_number_nobody_can_read_is_asked_again_and_stays_typed(
    visitor: Client, device: Device
) -> None:
    page = sends(visitor, device, mono="41.200", color="92910")

    assert page.status_code == 422
    assert "<title>Erreur" in page.content.decode()
    assert "41 200" in text(page)
    assert fields(page)[field(device, "mono")] == "41.200"
    assert fields(page)[field(device, "color")] == "92910", "what was typed beside it is kept"


def test_a_good_row_is_saved_beside_a_row_that_asks(
    visitor: Client, device: Device, invitation: Invitation
) -> None:
    other = a_device(a_customer(), mono=10)
    a_campaign()
    form = dict(fields(visitor.get("/releves")))
    form |= {field(device, "mono"): "39600", field(other, "mono"): "300"}

    page = visitor.post("/releves", form)

    assert page.status_code == 422
    assert reading_of(meter_of(other)).value == 300
    assert Receipt.objects.get().number in text(page)
    assert fields(page)[field(device, "mono")] == "39600"


def test_a_lower_value_opens_the_photo_in_its_row(visitor: Client, device: Device) -> None:
    page = sends(visitor, device, mono="39600", color="92910")

    seen = text(page)
    assert "84 impressions" in seen
    assert "Prendre une photo" in seen and "Choisir un fichier" in seen
    assert "Que s’est-il passé" in seen
    assert not Reading.objects.filter(source="CUSTOMER").exists()


def test_with_the_photo_the_lower_value_is_taken(visitor: Client, device: Device) -> None:
    answer = sends(visitor, device, mono="39600", color="92910", file=a_photo(), reason="OTHER")

    assert answer.status_code == 303
    proof = Proof.objects.get()
    assert reading_of(meter_of(device)).proof == proof
    assert reading_of(meter_of(device, "color")).proof is None
    photo = visitor.get(f"/releves/photo/{proof.pk}")
    assert photo["Content-Type"] == "image/jpeg"
    assert "sandbox" in photo["Content-Security-Policy"]
    assert photo["X-Content-Type-Options"] == "nosniff"


def test_a_photo_is_sent_once_even_when_something_else_is_asked(
    visitor: Client, device: Device
) -> None:
    form = dict(fields(visitor.get("/releves")))
    form |= {field(device, "mono"): "39600", field(device, "color"): "929100"}
    page = visitor.post("/releves", form | {f"file-{device.pk}": a_photo()})
    assert page.status_code == 422, "the colour is far beyond the usual"
    assert "Votre photo est reçue" in text(page)

    again = fields(page) | {
        f"confirmed-{device.pk}": "39600/929100",
        f"reason-{device.pk}": "OTHER",
    }
    assert visitor.post("/releves", again).status_code == 303
    assert reading_of(meter_of(device)).proof is not None
    assert Proof.objects.count() == 1


def test_a_file_that_is_no_photo_loses_no_number(visitor: Client, device: Device) -> None:
    note = SimpleUploadedFile("photo.jpg", b"not a picture", content_type="image/jpeg")

    page = sends(visitor, device, mono="39600", color="92910", file=note)

    assert page.status_code == 422
    assert "JPEG" in text(page)
    assert fields(page)[field(device, "mono")] == "39600"


def test_the_same_values_as_last_time_take_one_tick(visitor: Client, device: Device) -> None:
    page = sends(visitor, device, mono="39684", color="89675")
    assert "Aucune impression" in text(page)
    ticked = sends(visitor, device, mono="39684", color="89675", confirmed="39684/89675")
    assert ticked.status_code == 303


def test_an_unusual_value_takes_one_confirmation(visitor: Client, device: Device) -> None:
    page = sends(visitor, device, mono="412000", color="92910")
    assert page.status_code == 422
    answer = sends(visitor, device, mono="412000", color="92910", confirmed="412000/92910")
    assert answer.status_code == 303


def test_our_own_estimate_too_high_is_our_mistake_and_says_so(
    visitor: Client, device: Device
) -> None:
    a_billed_estimate(meter_of(device), DUE_ON - timedelta(days=5), 41_548)
    page = sends(visitor, device, mono="41200", color="92910")
    assert "notre estimation était trop haute" in text(page) and "348 impressions" in text(page)


def test_a_colleague_who_comes_second_learns_what_the_first_declared(
    visitor: Client, device: Device, invitation: Invitation
) -> None:
    form = fields(visitor.get("/releves"))
    answers(invitation, device, mono=41_200, now=OPENED + timedelta(minutes=1))

    page = visitor.post("/releves", form | {field(device, "mono"): "41300"})

    assert page.status_code == 422
    assert "Alexandra a déclaré 41 200" in text(page)
    assert visitor.post("/releves", fields(page)).status_code == 303
    assert reading_of(meter_of(device)).value == 41_300


def test_sending_the_same_form_twice_gives_the_same_receipt(
    visitor: Client, device: Device
) -> None:
    form = fields(visitor.get("/releves")) | {field(device, "mono"): "41200"}
    first, second = visitor.post("/releves", form), visitor.post("/releves", form)
    assert first["Location"] == second["Location"]
    assert Receipt.objects.count() == 1


def test_the_same_form_with_other_values_shows_what_stands(visitor: Client, device: Device) -> None:
    form = fields(visitor.get("/releves")) | {field(device, "mono"): "41200"}
    visitor.post("/releves", form)

    page = visitor.post("/releves", form | {field(device, "mono"): "41999"})

    assert page.status_code == 409
    assert Receipt.objects.get().number in text(page)
    assert reading_of(meter_of(device)).value == 41_200


def test_what_is_not_asked_of_this_person_does_not_exist(visitor: Client, device: Device) -> None:
    a_contact(stranger := a_customer(code="CL009000", name="Autre"), email="x@autre.example")
    a_device(stranger, serial="STRANGER", mono=5)
    a_campaign()
    other = Invitation.objects.get(contact__email="x@autre.example")
    answer = answers(other, Device.objects.get(serial="STRANGER"), mono=9, now=OPENED)
    assert answer.receipt is not None

    assert "STRANGER" not in text(visitor.get("/releves"))
    assert visitor.get(f"/releves/recu/{answer.receipt.number}").status_code == 404
    assert visitor.get("/releves/photo/1").status_code == 404


def test_after_the_close_the_page_says_that_the_estimate_will_be_replaced(
    visitor: Client, device: Device
) -> None:
    Campaign.objects.update(state="CLOSED")
    assert "remplacent l’estimation" in text(visitor.get("/releves"))
    assert sends(visitor, device, mono="41200").status_code == 303


def test_after_the_signature_the_page_says_that_the_next_invoice_is_corrected(
    visitor: Client, device: Device
) -> None:
    Campaign.objects.update(state="SIGNED", signed_at=OPENED, signed_by="Mme Roy")
    assert "corrige la suivante" in text(visitor.get("/releves"))


def test_two_companies_of_one_person_stand_apart(visitor: Client) -> None:
    second = a_customer(code="CL001008", name="Gramont Immobilier")
    a_contact(second)
    a_device(second, site=a_site(second, name="Annexe"), mono=5)
    a_campaign()

    seen = text(visitor.get("/releves"))

    assert "2 sociétés" in seen
    assert "Gramont Immobilier · CL001008" in seen


@pytest.mark.parametrize("count", [7, 41])
def test_the_page_costs_the_same_whatever_the_number_of_devices(
    visitor: Client, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count - 1):
        a_device(a_customer())
    a_campaign()
    with django_assert_max_num_queries(12):
        page = visitor.get("/releves")
    assert f"{count} enregistrements trouvés" in text(page)


def test_a_tick_confirms_the_number_it_was_given_for_and_no_other(
    visitor: Client, device: Device
) -> None:
    page = sends(visitor, device, mono="412000", color="92910")
    ticked = fields(page) | {f"confirmed-{device.pk}": "412000/92910"}
    changed = visitor.post("/releves", ticked | {field(device, "mono"): "512000"})
    assert changed.status_code == 422


def test_the_second_half_of_a_row_has_its_own_day(visitor: Client, device: Device) -> None:
    sends(visitor, device, mono="41200")
    clock.set(OPENED + timedelta(days=9))

    assert fields(visitor.get("/releves"))["on"] == "2022-04-14"
    sends(visitor, device, color="93100")

    days = DueReading.objects.order_by("meter__kind__position").values_list("reading__taken_on")
    assert [f"{day:%d/%m}" for (day,) in days] == ["05/04", "14/04"]


def test_a_double_click_shows_the_question_again(visitor: Client, device: Device) -> None:
    other = a_device(a_customer(), mono=10)
    a_campaign()
    form = dict(fields(visitor.get("/releves")))
    form |= {field(device, "mono"): "39600", field(other, "mono"): "300"}

    pages = [visitor.post("/releves", form) for _click in range(2)]

    assert [page.status_code for page in pages] == [422, 422]
    assert fields(pages[1])[field(device, "mono")] == "39600"
    assert Receipt.objects.count() == 1


def test_after_the_signature_one_device_is_corrected_without_a_word_about_the_others(
    visitor: Client, device: Device, invitation: Invitation
) -> None:
    other = a_device(a_customer(), mono=10)
    a_campaign()
    answers(invitation, device, mono=41_200, color=92_910, now=OPENED)
    answers(invitation, other, mono=300, now=OPENED)
    Campaign.objects.update(state="SIGNED", signed_at=OPENED, signed_by="Mme Roy")

    assert sends(visitor, device, mono="41300", color="92910").status_code == 303
    alone = visitor.get(f"/releves/materiel/{device.pk}")
    assert fields(alone, form="device")[field(device, "mono")] == "41\u202f300", "the proposal"
    assert Reading.objects.filter(proposed=True).count() == 1


def test_a_fleet_of_five_hundred_can_be_sent(visitor: Client, device: Device) -> None:
    for _number in range(499):
        a_device(a_customer())
    a_campaign()
    assert sends(visitor, device, mono="41200").status_code == 303


def test_our_own_mistake_asks_for_a_photo_and_no_reason(visitor: Client, device: Device) -> None:
    a_billed_estimate(meter_of(device), DUE_ON - timedelta(days=5), 41_548)
    seen = text(sends(visitor, device, mono="41200", color="92910"))
    assert "Prendre une photo" in seen
    assert "Que s’est-il passé" not in seen


def test_a_photo_already_sent_may_be_replaced(visitor: Client, device: Device) -> None:
    form = dict(fields(visitor.get("/releves")))
    form |= {field(device, "mono"): "39600", field(device, "color"): "200000"}
    page = visitor.post("/releves", form | {f"file-{device.pk}": a_photo()})
    again = fields(page) | {f"confirmed-{device.pk}": "39600/200000"}
    visitor.post("/releves", again | {f"file-{device.pk}": a_photo("black")})
    assert reading_of(meter_of(device)).proof == Proof.objects.order_by("pk").last()
