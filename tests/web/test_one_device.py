"""A one-off request in the customer's browser: the same page, form and receipt."""

from __future__ import annotations

from datetime import date

import pytest

from releveur.campaigns import asking
from releveur.campaigns.models import Campaign, DueReading, Invitation, Receipt
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from tests.factories import OPENED, a_device, meter_of
from tests.web.visiting import a_visitor, fields, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def device(customer: Customer) -> Device:
    a_device(customer, serial="OTHER")
    device = a_device(customer, serial="3923656030")
    asking.ask(device, why=Campaign.Why.REMOVAL, before=date(2022, 4, 20), now=OPENED)
    return device


def test_she_opens_the_page_of_that_one_device_types_and_has_a_receipt(device: Device) -> None:
    visitor = a_visitor(Invitation.objects.get())
    page = visitor.get("/releves")
    assert "3923656030" in text(page)
    assert "OTHER" not in text(page)
    assert "mercredi 20 avril 2022 à 18 h" in text(page)

    form = fields(page)
    for code, value in (("mono", "41 200"), ("color", "92 910")):
        row = DueReading.objects.get(meter=meter_of(device, code))
        form[f"value-{row.pk}"] = value
    answer = visitor.post("/releves", form, follow=True)

    assert Receipt.objects.get().number in text(answer)
    assert not DueReading.objects.unanswered().exists()


def test_after_its_day_the_page_speaks_of_no_estimate(device: Device) -> None:
    Campaign.objects.update(state="CLOSED")
    page = text(a_visitor(Invitation.objects.get()).get("/releves"))
    assert "ils comptent encore" in page
    assert "estimé" not in page
