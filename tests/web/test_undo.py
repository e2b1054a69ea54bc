"""The undo of a receipt, on its page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from releveur import clock
from releveur.campaigns.models import DueReading, Invitation
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_device, answers
from tests.web.visiting import a_visitor, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, mono=39_684)


def sent(invitation: Invitation) -> str:
    device = DueReading.objects.get().meter.device
    receipt = answers(invitation, device, mono=41_200, now=OPENED).receipt
    assert receipt is not None
    return f"/releves/recu/{receipt.number}"


def test_a_receipt_is_undone_by_its_button_and_says_so(invitation: Invitation) -> None:
    visitor, receipt = a_visitor(invitation), sent(invitation)
    assert "Envoyé par erreur" in text(visitor.get(receipt))

    for _press in range(2):
        answer = visitor.post(f"{receipt}/annuler")
        assert (answer.status_code, answer["Location"]) == (303, receipt)

    seen = text(visitor.get(receipt))
    assert "Vous avez annulé cet envoi" in seen and "Annulé par Alexandra" in seen
    assert "Envoyé par erreur" not in seen
    assert "Il manque encore le relevé de 1 équipement" in seen
    assert DueReading.objects.get().reading is None


def test_after_the_deadline_the_button_is_gone_and_the_press_does_nothing(
    invitation: Invitation,
) -> None:
    visitor, receipt = a_visitor(invitation), sent(invitation)
    clock.set(OPENED + timedelta(days=30))
    assert "Envoyé par erreur" not in text(visitor.get(receipt))
    visitor.post(f"{receipt}/annuler")
    assert DueReading.objects.get().reading is not None


def test_a_look_undoes_nothing_and_anothers_receipt_does_not_exist(invitation: Invitation) -> None:
    receipt = sent(invitation)
    assert a_visitor(invitation).get(f"{receipt}/annuler").status_code == 405
    a_contact(stranger := a_customer(code="CL009"), email="x@autre.example")
    a_device(stranger, mono=5)
    a_campaign()
    other = a_visitor(Invitation.objects.get(contact__email="x@autre.example"))
    assert other.post(f"{receipt}/annuler").status_code == 404
