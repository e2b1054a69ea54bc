from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releveur.campaigns import opening, succeeding
from releveur.campaigns.models import Campaign, Handover, Invitation, Succession
from releveur.customers.models import Contact, Customer
from releveur.fleet.models import Device
from releveur.outbox import keys
from tests.factories import (
    DUE_ON,
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_site,
    answers,
)
from tests.web.test_signing_in import inside
from tests.web.visiting import Page, a_visitor, fields, link, text

pytestmark = pytest.mark.django_db

KARIM = {
    "first_name": "Karim",
    "last_name": "Benali",
    "email": "karim@gramont-services.example",
}


@pytest.fixture
def other(customer: Customer) -> Device:
    return a_device(customer, serial="3900000001")


@pytest.fixture
def campaign(device: Device, other: Device) -> Campaign:
    return a_campaign()


def hands(visitor: Client, device: Device, **changed: str) -> Page:
    return visitor.post(f"/releves/transmettre?device={device.pk}", KARIM | changed)


def colleague() -> Invitation:
    return Invitation.objects.get(contact__email=KARIM["email"])


def test_the_row_leads_to_the_form_which_says_what_the_colleague_will_see(
    visitor: Client, device: Device
) -> None:
    address = f"/releves/transmettre?device={device.pk}"
    assert f'href="{address}"' in text(visitor.get("/releves"))
    seen = text(visitor.get(address))
    assert "3923656030" in seen and "cet équipement, et rien d’autre" in seen
    assert "reprendre à tout moment" in seen and "Transmettre ce relevé" in seen
    assert "3900000001" not in seen


def test_handed_over_the_sheet_says_so_and_offers_to_take_it_back(
    visitor: Client, device: Device
) -> None:
    answer = hands(visitor, device)

    handover = Handover.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/releves?transmis={handover.pk}")
    seen = text(visitor.get(answer["Location"]))
    assert "Transmis à Karim Benali, qui reçoit un message" in seen
    assert "Transmis à Karim Benali le 05/04/2022" in seen
    assert f'formaction="/releves/transmettre/{handover.pk}/reprendre"' in seen
    assert 'form="colleagues"' in seen and 'id="colleagues"' in seen


def test_the_colleague_sees_exactly_that_device_and_who_sent_it(
    visitor: Client, device: Device
) -> None:
    hands(visitor, device)

    landing = text(Client().get(link(colleague())))
    assert "Relevés transmis par <strong>Alexandra</strong>" in landing
    assert "Les compteurs de votre équipement" in landing
    karim = a_visitor(colleague())
    seen = text(karim.get("/releves"))
    assert "3923656030" in seen and "3900000001" not in seen
    assert "Relevés transmis par Alexandra" in seen
    assert "plus-moi" not in seen and "/releves/transmettre" not in seen, "nor is it handed on"
    assert karim.get(f"/releves/transmettre?device={device.pk}").status_code == 404


def test_what_is_another_persons_is_a_404(visitor: Client, device: Device, other: Device) -> None:
    a_contact(stranger := a_customer(code="CL009000", name="Autre"), email="x@autre.example")
    theirs = a_device(stranger, serial="STRANGER", site=a_site(stranger))
    opening.open_campaign(DUE_ON, now=OPENED)
    hands(visitor, device)
    handover = Handover.objects.get()
    x = a_visitor(Invitation.objects.get(contact__email="x@autre.example"))

    site = a_site(stranger).pk
    for query in (f"device={theirs.pk}", f"site={site}", "device=", "device=²", "", "site=9" * 9):
        assert visitor.get(f"/releves/transmettre?{query}").status_code == 404, query
    assert hands(visitor, theirs).status_code == 404
    for thief in (x, a_visitor(colleague())):
        assert thief.post(f"/releves/transmettre/{handover.pk}/reprendre").status_code == 404
    handover.refresh_from_db()
    assert handover.taken_back_at is None


def test_taken_back_the_link_and_the_open_page_are_dead_at_once(
    visitor: Client, device: Device
) -> None:
    hands(visitor, device)
    karim, address = a_visitor(colleague()), link(colleague())
    form = fields(karim.get("/releves"))
    handover = Handover.objects.get()
    assert visitor.get(f"/releves/transmettre/{handover.pk}/reprendre").status_code == 405

    answer = visitor.post(f"/releves/transmettre/{handover.pk}/reprendre")

    assert answer["Location"] == f"/releves?repris={handover.pk}"
    assert "Repris : Karim Benali ne le voit plus" in text(visitor.get(answer["Location"]))
    assert "Transmis à" not in text(visitor.get("/releves"))
    assert karim.get("/releves").status_code == 403
    assert karim.post("/releves", form).status_code == 403
    assert Client().get(address).status_code == 404


def test_the_sender_sees_what_the_colleague_declared(visitor: Client, device: Device) -> None:
    hands(visitor, device)
    answers(colleague(), device, mono=41_200, color=92_910, now=OPENED)
    seen = text(visitor.get("/releves"))
    assert "Déclaré par Karim Benali le 05/04/2022" in seen
    assert f"/releves/transmettre?device={device.pk}" not in seen, "nothing is left to hand over"


def test_errors_stand_in_a_summary_and_beside_their_fields_and_nothing_typed_is_lost(
    visitor: Client, device: Device
) -> None:
    page = hands(visitor, device, email="karim@gramont", last_name="Benali")
    seen = text(page)
    assert page.status_code == 422 and "<title>Erreur" in seen
    assert 'href="#email"' in seen and 'aria-describedby="email-error"' in seen
    assert 'value="karim@gramont"' in seen and 'value="Benali"' in seen
    assert "Saisissez le prénom" in text(hands(visitor, device, first_name=" "))
    assert "en lettres seulement" in text(hands(visitor, device, first_name="www.x.example"))
    own = hands(visitor, device, email="alexandra@gramont-services.example")
    assert "votre propre adresse" in text(own)
    assert not Handover.objects.exists()


def test_a_double_click_hands_over_once(visitor: Client, device: Device) -> None:
    first, second = hands(visitor, device), hands(visitor, device)
    assert first["Location"] == second["Location"]
    assert Handover.objects.count() == 1


def test_a_site_is_handed_over_from_its_heading(
    visitor: Client, device: Device, other: Device
) -> None:
    site = a_site(a_customer())
    address = f"/releves/transmettre?site={site.pk}"
    assert f'href="{address}"' in text(visitor.get("/releves"))
    page = text(visitor.get(address))
    assert "2 équipements" in page and "Transmettre ces 2 relevés" in page
    assert visitor.post(address, KARIM).status_code == 303
    seen = text(a_visitor(colleague()).get("/releves"))
    assert "3923656030" in seen and "3900000001" in seen
    assert "Transmis à Karim Benali le" in text(visitor.get(address))


def test_after_the_close_nothing_is_offered(visitor: Client, device: Device) -> None:
    Campaign.objects.update(state="CLOSED")
    assert "/releves/transmettre" not in text(visitor.get("/releves"))
    assert hands(visitor, device)["Location"] == "/releves"
    assert not Handover.objects.exists()


def test_a_name_with_markup_is_refused_and_shown_as_text(visitor: Client, device: Device) -> None:
    page = hands(visitor, device, first_name='"><script>alert(1)</script>')
    assert page.status_code == 422 and b"<script>alert" not in page.content


@pytest.mark.parametrize("count", [7, 41])
def test_the_sheet_costs_the_same_whatever_was_handed_over(
    visitor: Client,
    device: Device,
    count: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count - 2):
        a_device(a_customer(), location=f"Bureau {number}")
    opening.open_campaign(DUE_ON, now=OPENED)
    visitor.post(f"/releves/transmettre?site={a_site(a_customer()).pk}", KARIM)
    with django_assert_max_num_queries(12):
        page = visitor.get("/releves")
    assert len(re.findall("Transmis à Karim Benali le", text(page))) == count


def test_it_is_no_longer_me_in_one_step_from_the_pages(
    visitor: Client, invitation: Invitation
) -> None:
    assert 'href="/releves/plus-moi"' in text(visitor.get("/releves"))
    assert "Ce n’est plus moi, c’est…" in text(visitor.get("/releves/plus-moi"))
    assert not Succession.objects.exists()

    answer = visitor.post("/releves/plus-moi", KARIM)

    assert (answer.status_code, answer["Location"]) == (303, "/releves/plus-moi")
    said = "La demande va désormais à Karim Benali (karim@gramont-services.example). Merci."
    for address in ("/releves/plus-moi", "/releves", link(invitation)):
        assert said in text(visitor.get(address, follow=True)), address
    assert "3923656030" in text(a_visitor(colleague()).get("/releves"))


def test_it_is_no_longer_me_in_one_step_from_the_mail_and_looking_changes_nothing(
    invitation: Invitation,
) -> None:
    address = f"/plus-moi/{keys.make(invitation.uuid, invitation.link_version)}"
    scanner = Client()
    page = scanner.get(address)
    assert "Gramont Services (CL001007)" in text(page)
    assert page["Referrer-Policy"] == "strict-origin" and not Succession.objects.exists()

    assert scanner.post(address, KARIM)["Location"] == address
    assert "La demande va désormais à Karim Benali" in text(scanner.get(address))
    assert scanner.get("/plus-moi/" + "A" * 22).status_code == 404


def test_elsewhere_she_learns_that_the_dealer_looks_after_it(
    visitor: Client, invitation: Invitation
) -> None:
    visitor.post("/releves/plus-moi", KARIM | {"email": "karim@orange.fr"})
    for address in ("/releves/plus-moi", "/releves"):
        seen = text(visitor.get(address))
        assert "Bureautique Lafayette sait que c’est désormais Karim Benali" in seen
    assert "3923656030" in text(visitor.get("/releves")), "until then she is asked"
    assert 'name="first_name"' in text(visitor.get("/releves/plus-moi")), "a slip can be mended"
    succeeding.refuse(Succession.objects.get(), now=OPENED)
    assert "sait que c’est" not in text(visitor.get("/releves"))


def test_a_wrong_address_of_the_successor_is_asked_again(visitor: Client) -> None:
    page = visitor.post("/releves/plus-moi", KARIM | {"email": "karim"})
    assert page.status_code == 422
    assert "nom@societe.fr" in text(page) or "adresse" in text(page)
    assert 'value="karim"' in text(page)


def test_a_colleague_is_told_whose_word_it_is(visitor: Client, device: Device) -> None:
    hands(visitor, device)
    karim = a_visitor(colleague())
    assert "transmis par Alexandra" in text(karim.get("/releves/plus-moi"))
    other = KARIM | {"email": "lea@gramont-services.example"}
    assert karim.post("/releves/plus-moi", other).status_code == 303
    assert not Succession.objects.exists()


def test_the_pages_speak_english(visitor: Client, invitation: Invitation, device: Device) -> None:
    Contact.objects.update(language="en")
    seen = text(visitor.get("/releves/plus-moi"))
    assert "It is no longer me" in seen and "Name this person in my place" in seen
    assert "Hand over this reading" in text(visitor.get(f"/releves/transmettre?device={device.pk}"))


def test_nothing_of_it_is_shown_to_a_stranger() -> None:
    a_dealer()
    for address in ("/releves/transmettre?device=1", "/releves/plus-moi"):
        assert Client().get(address).status_code == 403
    assert Client().post("/releves/transmettre/1/reprendre").status_code == 403


def test_her_list_leaves_out_what_went_to_somebody_else(visitor: Client) -> None:
    visitor.post("/releves/plus-moi", KARIM)
    assert "Aucun relevé ne vous est demandé" in text(
        inside("alexandra@gramont-services.example").get("/mes-releves")
    )
    assert "Gramont Services" in text(inside(KARIM["email"]).get("/mes-releves"))
