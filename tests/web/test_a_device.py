"""One device with its history: the window of « Saisir », and a page of its own without JavaScript."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from releveur import clock
from releveur.campaigns.models import Campaign, DueReading, Invitation, Receipt
from releveur.customers.models import Site
from releveur.fleet.models import Device, DeviceModel
from releveur.readings.models import Proof, Reading
from tests.factories import (
    OPENED,
    a_billed_estimate,
    a_campaign,
    a_contact,
    a_customer,
    a_device,
    a_reading,
    answers,
    meter_of,
    reading_of,
)
from tests.web.seeing import field
from tests.web.visiting import Page, a_photo, a_visitor, fields, text

pytestmark = pytest.mark.django_db


def window(visitor: Client, device: Device) -> Page:
    return visitor.get(f"/releves/materiel/{device.pk}")


def confirms(visitor: Client, device: Device, **typed: str) -> Page:
    form: dict[str, object] = dict(fields(window(visitor, device), form="device"))
    form |= {field(device, meter): value for meter, value in typed.items()}
    return visitor.post(f"/releves/materiel/{device.pk}", form)


def test_valider_records_the_device_and_leads_back_to_its_row(
    visitor: Client, device: Device
) -> None:
    answer = confirms(visitor, device, mono="41 200", color="92910")

    number = Receipt.objects.get().number
    assert (answer.status_code, answer["Location"]) == (
        303, f"/releves?recu={number}#device-{device.pk}",
    )  # fmt: skip
    seen = text(visitor.get(f"/releves?recu={number}"))
    assert f"C’est enregistré : reçu {number}" in seen
    assert "41 200" in seen and "+ 1 516" in seen and "Modifier" in seen


def test_a_settled_row_has_no_field_on_the_sheet_and_may_be_changed_in_its_window(
    visitor: Client, device: Device, invitation: Invitation
) -> None:
    answers(invitation, device, mono=41_200, color=92_910, now=OPENED)
    assert field(device, "mono") not in fields(visitor.get("/releves"))
    assert "Tout est relevé" in text(visitor.get("/releves"))

    assert confirms(visitor, device, mono="41 300").status_code == 303
    assert reading_of(meter_of(device)).value == 41_300


def test_a_question_stays_in_the_window_with_what_was_typed(
    visitor: Client, device: Device
) -> None:
    page = confirms(visitor, device, mono="39600", color="92910")
    assert page.status_code == 422
    assert "84 impressions" in text(page) and "Prendre une photo" in text(page)
    assert fields(page, form="device")[field(device, "mono")] == "39600"
    assert not Reading.objects.filter(source="CUSTOMER").exists()


def test_the_history_names_each_reading_with_its_nature_and_leaves_out_a_replaced_estimate(
    visitor: Client, device: Device
) -> None:
    a_reading(meter_of(device), date(2021, 10, 5), 38_784)
    seen = text(window(visitor, device))
    assert "Historique du compteur Noir" in seen
    assert "05/10/2021" in seen and "+ 900" in seen and "réel – import" in seen
    assert seen.count('class="real"') == 1, "one period, one bar"

    Campaign.objects.update(state="CLOSED")
    row = DueReading.objects.get(meter=meter_of(device))
    estimate = Reading.objects.create(
        meter=row.meter, taken_on=row.due_on, recorded_at=OPENED, value=40_584,
        quality="ESTIMATED", source="SYSTEM", explanation={"words": {"fr": "", "en": ""}},
    )  # fmt: skip
    DueReading.objects.filter(pk=row.pk).update(reading=estimate)
    assert "40 584" in text(window(visitor, device))
    confirms(visitor, device, mono="41200")
    past = text(window(visitor, device)).partition("Historique du compteur Noir")[2]
    assert "41 200" in past and "40 584" not in past


def test_another_persons_device_is_no_page(visitor: Client) -> None:
    a_contact(stranger := a_customer(code="CL009"), email="x@autre.example")
    other = a_device(stranger, mono=5)
    a_campaign()
    for address in ("", "/probleme", "/compteur"):
        assert visitor.get(f"/releves/materiel/{other.pk}{address}").status_code == 404
    assert visitor.post(f"/releves/materiel/{other.pk}/probleme/retirer").status_code == 404


def test_one_day_holds_for_the_whole_sheet_and_a_device_may_have_its_own(
    visitor: Client, device: Device
) -> None:
    other = a_device(a_customer(), mono=10)
    a_campaign()
    form = dict(fields(visitor.get("/releves")))
    form |= {"on": "2022-04-04", field(device, "mono"): "41200", field(other, "mono"): "300"}
    assert visitor.post("/releves", form | {f"on-{other.pk}": "2022-04-03"}).status_code == 303
    days = [reading_of(meter_of(one)).taken_on for one in (device, other)]
    assert days == [date(2022, 4, 4), date(2022, 4, 3)]


def test_where_it_is_still_yesterday_an_untouched_day_is_that_one(
    visitor: Client, device: Device
) -> None:
    Site.objects.update(zone="America/Martinique")
    clock.set(OPENED.replace(day=6, hour=2))
    form = fields(visitor.get("/releves")) | {field(device, "mono"): "41200"}
    assert form["on"] == "2022-04-05"
    assert visitor.post("/releves", form).status_code == 303
    assert reading_of(meter_of(device)).taken_on == date(2022, 4, 5)


def test_a_day_that_cannot_be_is_asked_in_the_row(visitor: Client, device: Device) -> None:
    form = fields(visitor.get("/releves")) | {field(device, "mono"): "41200", "on": "2022-05-01"}
    page = visitor.post("/releves", form)
    assert page.status_code == 422
    assert "Ce jour n’est pas encore venu" in text(page)
    assert (
        visitor.post("/releves", fields(page) | {f"on-{device.pk}": "2022-04-05"}).status_code
        == 303
    )


@pytest.mark.parametrize("address", ["/releves", "/releves/materiel/{device}"])
def test_the_language_changes_what_is_said_and_keeps_what_is_typed(
    visitor: Client, device: Device, address: str
) -> None:
    page, form = address.format(device=device.pk), "device" if "materiel" in address else "sheet"
    typed = fields(visitor.get(page), form=form) | {field(device, "mono"): "41.2oo"}

    spoken = visitor.post(page, typed | {"language": "en"})

    assert spoken.status_code == 200
    assert '<html lang="en">' in spoken.content.decode()
    assert fields(spoken, form=form)[field(device, "mono")] == "41.2oo"
    assert not Receipt.objects.exists()
    assert '<html lang="en">' in visitor.get(page).content.decode(), "this browser remembers"


def test_a_photo_sent_ahead_gives_a_ticket_that_only_this_person_can_use(
    visitor: Client, device: Device, invitation: Invitation
) -> None:
    ticket = visitor.post("/releves/photo", {"photo": a_photo()}).json()["proof"]
    form = dict(fields(visitor.get("/releves")))
    form |= {field(device, "mono"): "39600", f"reason-{device.pk}": "OTHER"}
    assert visitor.post("/releves", form | {f"proof-{device.pk}": ticket}).status_code == 303
    assert reading_of(meter_of(device)).proof == Proof.objects.get()

    a_contact(stranger := a_customer(code="CL009"), email="x@autre.example")
    other = a_device(stranger, mono=500)
    a_campaign()
    thief = a_visitor(Invitation.objects.get(contact__email="x@autre.example"))
    form = fields(thief.get("/releves")) | {field(other, "mono"): "400"}
    page = thief.post("/releves", form | {f"proof-{other.pk}": ticket})
    assert page.status_code == 422


def test_a_photo_that_is_none_is_refused_ahead_in_words(visitor: Client) -> None:
    note = SimpleUploadedFile("photo.heic", b"not a picture")
    for sent in ({"photo": note}, {}):
        refused = visitor.post("/releves/photo", sent)
        assert refused.status_code == 422
        assert "JPEG, PNG, WebP ou HEIC" in refused.json()["error"]


def test_the_usual_range_is_of_what_is_billed_even_after_an_estimate(
    visitor: Client, device: Device
) -> None:
    for month, value in ((4, 36_000), (7, 37_200), (10, 38_400)):
        a_reading(meter_of(device), date(2021, month, 5), value)
    before = text(window(visitor, device))
    assert "habituel : 920 à 1 600" in before
    a_billed_estimate(meter_of(device), date(2022, 2, 5), 40_184)
    assert "habituel : 420 à 1 100" in text(window(visitor, device)), "500 are billed already"


def test_each_model_shows_the_way_to_its_counters(visitor: Client, device: Device) -> None:
    page = f"/releves/materiel/{device.pk}/compteur"
    seen = text(visitor.get(page))
    assert "touche « État machine »" in seen and "Impressions en noir" in seen

    DeviceModel.objects.update(shown_where="Menu\nCompteurs", labels={"MONO": "N&B total"})
    seen = text(visitor.get(page))
    assert "<li>Compteurs</li>" in seen and "N&amp;B total" in seen

    DeviceModel.objects.update(shown_where="", maker="Inconnu", labels={})
    assert "Réveillez" in text(visitor.get(page)) or "réveillez" in text(visitor.get(page))
