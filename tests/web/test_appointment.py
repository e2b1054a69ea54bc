"""« Automatiser le relevé de vos compteurs »: the form as a customer without JavaScript fills it in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries

from releveur.appointments import asking
from releveur.appointments.models import Appointment
from releveur.campaigns.models import Invitation
from releveur.customers.models import Contact, Customer
from releveur.fleet.models import Device, Installation
from releveur.outbox import delivering
from releveur.outbox.models import Mail
from tests import sink
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_device,
    a_site,
    answers,
)
from tests.web.visiting import Page, a_visitor, fields, text

pytestmark = pytest.mark.django_db

FORM, THANKS = "/releves/rendez-vous", "/releves/rendez-vous/merci"


@pytest.fixture
def customer(customer: Customer) -> Customer:
    Contact.objects.update(phone="01 44 00 00 01", last_name="Morel")
    return customer


def sends(visitor: Client, at: str = FORM, **typed: object) -> Page:
    """Fill in the form as shown and send it."""
    return visitor.post(FORM, {**fields(visitor.get(at)), **typed})


def test_the_form_knows_what_we_know(visitor: Client, device: Device) -> None:
    page = visitor.get(FORM)
    assert fields(page) | {"csrfmiddlewaretoken": ""} == {
        "csrfmiddlewaretoken": "",
        "place": f"site-{device.installations.get().site_id}",
        "address": "30 rue de Gramont",
        "postal_code": "75002",
        "town": "Paris",
        "devices": str(device.pk),
        "first_name": "Alexandra",
        "last_name": "Morel",
        "email": "alexandra@gramont-services.example",
        "phone": "01 44 00 00 01",
        "network_name": "",
        "network_phone": "",
        "network_email": "",
        "call_on": "",
    }
    seen = text(page)
    assert "Gramont Services" in seen and "CL001007" in seen and "3923656030" in seen
    assert "Qui appeler pour le réseau" in seen
    assert seen.count("(facultatif)") == 6


def test_asking_leads_to_what_happens_next_and_two_mails_leave(visitor: Client) -> None:
    answer = sends(visitor, call_on="2022-04-12", network_name="Idris Benali")

    assert (answer.status_code, answer["Location"]) == (303, THANKS)
    seen = text(visitor.get(THANKS))
    assert "mardi 12 avril 2022" in seen and "Idris Benali" in seen
    with sink.listening() as post:
        delivering.deliver_due(now=OPENED, server=post.server)
    assert sorted(post.to) == [
        "alexandra@gramont-services.example", "releves@bureautique-lafayette.example",
    ]  # fmt: skip
    for message in post.messages:
        assert [file.get_filename() for file in message.iter_attachments()] == ["rendez-vous.ics"]


def test_the_day_can_be_added_to_a_calendar(visitor: Client) -> None:
    sends(visitor, call_on="2022-04-12")
    one = Appointment.objects.get()

    file = visitor.get(f"{FORM}/{one.pk}/rendez-vous.ics")

    assert file["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(file.content)
    assert (calendar["method"], calendar.walk("VEVENT")[0]["uid"]) == (
        "PUBLISH", f"{one.uuid}@releveur",
    )  # fmt: skip
    assert f"{FORM}/{one.pk}/rendez-vous.ics" in visitor.get(THANKS).content.decode()


def test_what_is_missing_or_wrong_is_asked_again_and_nothing_typed_is_lost(
    visitor: Client,
) -> None:
    page = sends(
        visitor, address="", email="alexandra", network_phone="demain", call_on="2022-04-09",
        words="Badge à l’accueil", first_name="Sandra",
    )  # fmt: skip

    assert page.status_code == 422
    seen = text(page)
    assert "<title>Erreur" in seen and "4 réponses à corriger" in seen
    for anchor, sentence in {
        "address": "Indiquez l’adresse.",
        "email": "Écrivez-la comme nom@societe.fr.",
        "network_phone": "Écrivez-le comme 01 23 45 67 89.",
        "call_on": "par exemple le lundi 11 avril 2022.",
    }.items():
        assert f'<a href="#{anchor}">' in seen and f'id="{anchor}_error"' in seen
        assert seen.count(sentence) == 2, "in the summary and beside the field"
    again = fields(page)
    assert again["email"] == "alexandra" and again["first_name"] == "Sandra"
    assert again["call_on"] == "2022-04-09" and "Badge à l’accueil" in seen
    assert not Appointment.objects.exists() and not Mail.objects.exists()


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2022-04-04", "Cette date est passée"),
        ("2022-04-18", "Nous sommes fermés ce jour-là"),
        ("2223-04-12", "à plus d’un an"),
        ("mardi", "Ce n’est pas une date"),
    ],
)
def test_a_day_nobody_calls_on_asks_for_another(visitor: Client, day: str, sentence: str) -> None:
    page = sends(visitor, call_on=day)
    assert page.status_code == 422 and sentence in text(page)
    assert fields(page)["call_on"] == day


def test_a_day_may_be_typed_as_the_french_write_it(visitor: Client) -> None:
    assert sends(visitor, call_on="12/04/2022").status_code == 303


def test_coming_back_shows_the_open_one_and_changes_it(visitor: Client) -> None:
    sends(visitor, call_on="2022-04-12", network_name="Idris Benali")

    page = visitor.get(FORM)
    assert "Modifier mon rendez-vous" in text(page)
    assert fields(page)["call_on"] == "2022-04-12"
    assert fields(page)["network_name"] == "Idris Benali"

    assert sends(visitor, call_on="2022-04-13").status_code == 303
    one = Appointment.objects.get()
    assert (one.sequence, f"{one.call_on:%d/%m}", one.network_name) == (1, "13/04", "Idris Benali")


def test_a_double_click_asks_once(visitor: Client) -> None:
    form = fields(visitor.get(FORM))
    assert [visitor.post(FORM, form).status_code for _click in range(2)] == [303, 303]
    assert (Appointment.objects.count(), Mail.objects.count()) == (1, 2)


def test_cancelling_takes_one_press_and_says_so(visitor: Client) -> None:
    sends(visitor)
    address = f"{FORM}/{Appointment.objects.get().pk}/annuler"
    assert visitor.get(address).status_code == 405
    for _click in range(2):
        assert visitor.post(address)["Location"] == THANKS
    assert "Votre rendez-vous est annulé" in text(visitor.get(THANKS))
    assert "Demander un rendez-vous" in text(visitor.get(FORM))
    assert Mail.objects.count() == 4


def test_before_anything_is_asked_there_is_nobody_to_thank(visitor: Client) -> None:
    assert visitor.get(THANKS)["Location"] == FORM


def test_another_customers_devices_sites_and_appointments_do_not_exist(visitor: Client) -> None:
    a_contact(stranger := a_customer(code="CL009000", name="Autre"), email="x@autre.example")
    theirs = a_device(stranger, serial="STRANGER")
    a_campaign()
    other = a_visitor(Invitation.objects.get(contact__email="x@autre.example"))
    sends(other, last_name="X", call_on="2022-04-12")
    one = Appointment.objects.get()

    assert "Autre" not in text(visitor.get(FORM)), "nor is it open here"
    assert sends(visitor, devices=str(theirs.pk)).status_code == 422
    for place in (f"site-{theirs.installations.get().site_id}", f"all-{stranger.pk}", "site-x"):
        assert visitor.get(FORM, {"place": place}).status_code == 404
        assert sends(visitor, place=place).status_code == 404
    assert visitor.get(f"{FORM}/{one.pk}/rendez-vous.ics").status_code == 404
    assert visitor.post(f"{FORM}/{one.pk}/annuler").status_code == 404
    assert Appointment.objects.get().is_open


def test_no_device_ticked_is_asked_again(visitor: Client) -> None:
    form = fields(visitor.get(FORM))
    del form["devices"]
    page = visitor.post(FORM, form)
    assert page.status_code == 422 and "Cochez au moins un équipement" in text(page)
    assert '<a href="#devices_0">' in text(page)


def test_with_several_sites_the_place_is_chosen_first(visitor: Client, device: Device) -> None:
    annex = a_site(a_customer(), name="Entrepôt", address="4 quai de Grenelle")
    second = a_device(a_customer(), serial="SECOND", site=annex)
    a_campaign()

    choice = text(visitor.get(FORM))
    assert "Pour quel site" in choice and "Entrepôt" in choice and "Tous les sites" in choice

    at_annex = f"{FORM}?place=site-{annex.pk}"
    assert fields(visitor.get(at_annex))["address"] == "4 quai de Grenelle"
    assert fields(visitor.get(at_annex))["devices"] == str(second.pk)
    sends(visitor, at_annex, last_name="Morel")
    assert Appointment.objects.get().site == annex
    assert fields(visitor.get(FORM))["place"] == f"site-{annex.pk}", "the open one comes first"
    assert "Pour quel site" in text(visitor.get(f"{FORM}?choose"))

    everywhere = f"{FORM}?place=all-{a_customer().pk}"
    form = fields(visitor.get(everywhere)) | {"devices": [str(device.pk), str(second.pk)]}
    visitor.post(FORM, form)
    one = Appointment.objects.get()
    assert one.site is None and set(one.devices.all()) == {device, second}


def test_two_companies_have_an_appointment_each(visitor: Client) -> None:
    second = a_customer(code="CL001008", name="Gramont Immobilier")
    a_contact(second)
    a_device(second, site=a_site(second, name="Annexe"))
    a_campaign()
    choice = text(visitor.get(FORM))
    assert "Gramont Services" in choice and "Gramont Immobilier" in choice

    for customer in (a_customer(), second):
        place = f"{FORM}?place=site-{customer.sites.get().pk}"
        assert sends(visitor, place, last_name="Morel").status_code == 303

    seen = text(visitor.get(THANKS))
    assert Appointment.objects.open().count() == 2
    assert "CL001007</span></h2>" in seen and "CL001008</span></h2>" in seen


def test_it_works_in_the_readers_language(visitor: Client) -> None:
    visitor.cookies["django_language"] = "en"
    assert "Whom to call for the network?" in text(visitor.get(FORM))


def test_who_is_asked_for_nothing_any_more_is_told_to_call(visitor: Client) -> None:
    Installation.objects.update(until=OPENED.date() - timedelta(days=1))
    assert "01 53 20 11 00" in text(visitor.get(FORM))


def test_without_the_mail_there_is_no_form(device: Device) -> None:
    assert Client().get(FORM).status_code == 403


def test_the_pages_lead_there(visitor: Client, device: Device) -> None:
    invitation = Invitation.objects.get()
    answer = answers(invitation, device, mono=41_200, now=OPENED + timedelta(minutes=1))
    assert answer.receipt
    for address in ("/releves", f"/releves/recu/{answer.receipt.number}"):
        seen = text(visitor.get(address))
        assert "Automatiser le relevé de vos compteurs" in seen
        assert f'<a href="{FORM}">prenez rendez-vous avec un de nos techniciens</a>' in seen


@pytest.mark.parametrize("count", [1, 41])
def test_the_page_costs_the_same_whatever_the_number_of_devices(
    visitor: Client, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count - 1):
        a_device(a_customer())
    a_campaign()
    with django_assert_max_num_queries(7):
        visitor.get(FORM)
    sends(visitor)
    with django_assert_max_num_queries(10):
        visitor.get(THANKS)


def test_a_second_tab_that_changes_it_once_too_often_says_why_and_keeps_what_was_typed(
    visitor: Client,
) -> None:
    second_tab = fields(visitor.get(FORM))
    for number in range(asking.MOST_A_DAY):
        assert sends(visitor, words=f"{number}").status_code == 303

    page = visitor.post(FORM, {**second_tab, "words": "encore un mot"})

    assert page.status_code == 422
    assert "Revenez demain, ou appelez-nous" in text(page) and "encore un mot" in text(page)
    assert 'href="#sheet"' in page.content.decode()
    assert Appointment.objects.get().words == f"{asking.MOST_A_DAY - 1}"
    assert Mail.objects.filter(kind="to_dealer").count() == asking.MOST_A_DAY
