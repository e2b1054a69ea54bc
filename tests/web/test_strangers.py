"""What must not be seen nor changed, by whom; and what no field may break."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from releveur.appointments.models import Appointment
from releveur.campaigns import handing_over, reporting, succeeding
from releveur.campaigns.models import Campaign, DueReading, Invitation, Problem, Receipt
from releveur.campaigns.reporting import Told
from releveur.contracts.models import Coverage
from releveur.customers.introducing import Named
from releveur.customers.models import Customer
from releveur.fleet.models import Device, Installation
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_contract,
    a_customer,
    a_device,
    a_site,
    answers,
    the_mails_leave,
)
from tests.web.visiting import a_visitor, text

pytestmark = pytest.mark.django_db

KARIM = Named("karim@gramont-services.example", "Karim", "Benali")
HOUR = timedelta(hours=1)


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, serial="3923656030", mono=39_684)


@pytest.fixture
def other(customer: Customer) -> Device:
    return a_device(customer, serial="3900000001", mono=12_000)


@pytest.fixture
def campaign(device: Device, other: Device) -> Campaign:
    return a_campaign()


@pytest.fixture
def hers(invitation: Invitation) -> Invitation:
    the_mails_leave(now=OPENED)
    return invitation


def handed(hers: Invitation, *devices: Device) -> Invitation:
    for one in devices:
        receiver = handing_over.hand_over(hers, one, to=KARIM, now=OPENED).receiver
    return receiver


def a_receipt(invitation: Invitation, device: Device, mono: int) -> Receipt:
    receipt = answers(invitation, device, mono=mono, now=OPENED).receipt
    assert receipt is not None
    return receipt


@pytest.mark.parametrize("typed", ["\x00", "R220405-\x00"])
def test_a_receipt_of_no_possible_number_does_not_exist(hers: Invitation, typed: str) -> None:
    visitor = a_visitor(hers)
    assert visitor.get(f"/releves/recu/{typed}".replace("\x00", "%00")).status_code == 404
    assert visitor.post(f"/releves/recu/{typed}/annuler".replace("\x00", "%00")).status_code == 404
    assert visitor.get("/releves", {"recu": typed}).status_code == 200


def test_words_are_kept_without_the_signs_that_no_table_holds(
    hers: Invitation, device: Device
) -> None:
    said = {"what": "OTHER", "words": "au\x00 sous-sol\r\nporte\x07 2", "serial": "39\x00"}
    a_visitor(hers).post(f"/releves/materiel/{device.pk}/probleme", said)
    assert Problem.objects.get().words == "au sous-sol\nporte 2"


def moved(device: Device) -> Invitation:
    """It left its first customer in the middle of the period; the other one's invitation."""
    day = date(2022, 2, 20)
    stay, coverage = device.installations.get(), Coverage.objects.get(device=device)
    stay.until = coverage.until = day
    stay.save()
    coverage.save()
    a_contact(customer := a_customer(code="CL002000", name="Autre SA"), email="bob@autre.example")
    Installation.objects.create(device=device, site=a_site(customer), since=day)
    Coverage.objects.create(contract=a_contract(customer), device=device, since=day)
    campaign = a_campaign()
    return Invitation.objects.get(campaign=campaign, contact__email="bob@autre.example")


def test_what_the_customer_before_told_of_a_device_is_neither_shown_nor_an_answer_of_the_next(
    other: Device, device: Device
) -> None:
    his = moved(device)
    hers = his.campaign.invitations.exclude(pk=his.pk).get()
    said = Told(Problem.What.OTHER, words="notre code est 4242")
    reporting.report(hers, device, said, now=OPENED)

    visitor = a_visitor(his)
    for page in ("/releves", f"/releves/materiel/{device.pk}/probleme"):
        assert "4242" not in text(visitor.get(page))
        assert "Told by" not in text(visitor.get(page)) and "Signalé" not in text(visitor.get(page))
    assert DueReading.objects.asked_of(his).awaited().exists(), "he is asked all the same"
    assert not DueReading.objects.asked_of(hers).awaited().filter(meter__device=device).exists()


def test_the_button_takes_back_what_a_colleague_told_too(
    hers: Invitation, device: Device, other: Device
) -> None:
    reporting.report(handed(hers, device), device, Told(Problem.What.NO_ACCESS), now=OPENED)
    a_visitor(hers).post(f"/releves/materiel/{device.pk}/probleme/retirer")
    assert not Problem.objects.filter(taken_back_at=None).exists()


def test_the_newer_word_replaces_a_colleagues(hers: Invitation, device: Device) -> None:
    reporting.report(handed(hers, device), device, Told(Problem.What.NO_ACCESS), now=OPENED)
    reporting.report(hers, device, Told(Problem.What.GONE), now=OPENED + HOUR)
    assert Problem.objects.get(taken_back_at=None).what == Problem.What.GONE


def test_a_colleague_undoes_nothing_of_what_was_taken_back_from_her(
    hers: Invitation, device: Device, other: Device
) -> None:
    receiver = handed(hers, device, other)
    receipt = a_receipt(receiver, device, 41_200)
    handing_over.take_back(receiver.received.get(device=device), now=OPENED)

    visitor = a_visitor(receiver)
    page = visitor.get(f"/releves/recu/{receipt.number}")
    assert "annuler" not in page.content.decode()
    visitor.post(f"/releves/recu/{receipt.number}/annuler")
    assert DueReading.objects.get(meter__device=device).reading is not None


def test_who_was_succeeded_undoes_nothing(hers: Invitation, device: Device) -> None:
    receipt = a_receipt(hers, device, 41_200)
    visitor = a_visitor(hers)
    succeeding.name_successor(hers, named=KARIM, now=OPENED)
    visitor.post(f"/releves/recu/{receipt.number}/annuler")
    assert DueReading.objects.get(meter__device=device).reading is not None


def test_a_colleague_neither_sees_nor_cancels_when_the_company_is_called(
    hers: Invitation, device: Device
) -> None:
    typed = {
        "address": "30 rue de Gramont", "postal_code": "75002", "town": "Paris",
        "devices": [str(device.pk)], "first_name": "Alexandra", "last_name": "Petit",
        "email": "alexandra@gramont-services.example", "phone": "06 11 22 33 44",
    }  # fmt: skip
    a_visitor(hers).post("/releves/rendez-vous", typed)
    appointment = Appointment.objects.get()

    visitor = a_visitor(handed(hers, device))
    for page in ("", "/merci", f"/{appointment.pk}/rendez-vous.ics"):
        answer = visitor.get(f"/releves/rendez-vous{page}", follow=True)
        assert "06 11 22 33 44" not in text(answer) and "Petit" not in text(answer)
    visitor.post("/releves/rendez-vous", typed | {"words": "hacked"})
    visitor.post(f"/releves/rendez-vous/{appointment.pk}/annuler")
    assert Appointment.objects.open().get().words == ""
    receipt = a_receipt(Invitation.objects.get(contact__first_name="Karim"), device, 41_200)
    for page in ("/releves", f"/releves/recu/{receipt.number}"):
        assert "/releves/rendez-vous" not in visitor.get(page).content.decode()
        assert "/releves/rendez-vous" in a_visitor(hers).get("/releves").content.decode()
