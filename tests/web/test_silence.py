"""What the sheet says of silence, beside each field, and when."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releveur import clock
from releveur.campaigns import letter, reporting, silence
from releveur.campaigns.models import Campaign, Invitation, Problem, Receipt
from releveur.campaigns.reporting import Told
from releveur.customers.models import Contact, Customer
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device
from tests.factories import (
    DUE_ON,
    OPENED,
    a_campaign,
    a_contract,
    a_customer,
    a_dealer,
    a_device,
)
from tests.web.seeing import field
from tests.web.visiting import Page, a_visitor, fields, text

pytestmark = pytest.mark.django_db

LATER = OPENED + timedelta(days=15)
SETTING = Dealer.PriceOfSilence


@pytest.fixture
def customer(customer: Customer) -> Customer:
    Contact.objects.update(language="en")
    a_dealer()
    return customer


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, serial="3923656030", volumes={"mono": 500, "color": 1_050})


@pytest.fixture
def invitation(device: Device) -> Invitation:
    return a_campaign().invitations.get()


@pytest.fixture
def visitor(invitation: Invitation) -> Client:
    """Who comes when the second reminder has left."""
    clock.set(LATER)
    return a_visitor(invitation)


def said(page: Page) -> list[str]:
    """What stands of each meter, line by line."""
    lines = re.findall(r'<p class="small silence">(.*?)</p>', text(page))
    assert all(line.startswith("Without a reading from you, we retain about:") for line in lines)
    return [part for line in lines for part in re.findall(r"<span.*?>(.*?)</span>", line)]


def setting(which: Dealer.PriceOfSilence) -> None:
    Dealer.objects.update(price_of_silence=which)


def test_each_empty_field_says_what_we_retain_without_it(
    visitor: Client, device: Device, invitation: Invitation
) -> None:
    found = silence.prices(letter.asked_rows([invitation.pk])[invitation.pk])
    prices = sorted(found.values(), key=lambda price: price.value)
    awaited = [
        f"{kind} {price.impressions:,} impressions (estimated counter {price.value:,}) on 5 Apr 2022"
        for kind, price in zip(("Black", "Colour"), prices, strict=True)
    ]
    assert said(visitor.get("/releves")) == awaited
    assert said(visitor.get(f"/releves/materiel/{device.pk}")) == awaited
    assert prices[0].impressions == prices[0].value - 39_684 == 1_479


@pytest.mark.parametrize(
    ("which", "before", "after"),
    [
        (SETTING.NEVER, 0, 0),
        (SETTING.FROM_REMINDER_2, 0, 2),
        (SETTING.ALWAYS, 2, 2),
    ],
)
def test_it_is_said_from_when_the_dealer_wants_it(
    invitation: Invitation,
    which: Dealer.PriceOfSilence,
    before: int,
    after: int,
) -> None:
    setting(which)
    visitor = a_visitor(invitation)
    clock.set(invitation.reminder_2_at - timedelta(hours=1))
    assert len(said(visitor.get("/releves"))) == before
    clock.set(invitation.reminder_2_at)
    assert len(said(visitor.get("/releves"))) == after


def test_of_a_device_half_sent_it_says_what_is_left(visitor: Client, device: Device) -> None:
    form = fields(visitor.get("/releves")) | {field(device, "mono"): "41200"}
    assert visitor.post("/releves", form).status_code == 303

    [left] = said(visitor.get("/releves"))
    retained = round(1_050 * 12 / 365 * (LATER.date() - date(2022, 1, 5)).days)
    assert left == (
        f"Colour {retained:,} impressions (estimated counter {89_675 + retained:,}) on 20 Apr 2022"
    )


def test_what_stands_of_half_a_device_comes_back_in_english_too(
    visitor: Client, device: Device
) -> None:
    for typed in ({field(device, "mono"): "41200"}, {field(device, "color"): "92910"}):
        form = fields(visitor.get("/releves")) | typed
        assert visitor.post("/releves", form).status_code == 303
    assert Receipt.objects.count() == 2


def test_the_script_knows_what_is_retained_beside_a_meter_read_today(visitor: Client) -> None:
    page = text(visitor.get("/releves"))
    due, today = re.findall(r'data-due="(.*?)" data-day="(.*?)"', page)[0]
    assert (due, today) == (DUE_ON.isoformat(), LATER.date().isoformat())
    assert re.findall('data-beside="(.*?)"', page)[0] == (
        "Black 1,726 impressions (estimated counter 41,410) on 20 Apr 2022"
    )


def test_nothing_is_said_where_nothing_is_estimated(
    visitor: Client, device: Device, invitation: Invitation
) -> None:
    reporting.report(invitation, device, Told(Problem.What.NO_ACCESS), now=LATER)
    assert said(visitor.get("/releves")) == []
    assert said(visitor.get(f"/releves/materiel/{device.pk}")) == []


def test_nor_where_the_contract_forbids_it_nor_after_the_close(
    visitor: Client, device: Device, invitation: Invitation
) -> None:
    contract = a_contract(a_customer())
    contract.estimation_allowed = False
    contract.save()
    assert said(visitor.get("/releves")) == []

    contract.estimation_allowed = True
    contract.save()
    assert len(said(visitor.get("/releves"))) == 2
    Campaign.objects.update(state="CLOSING")
    assert said(visitor.get("/releves")) == []


@pytest.mark.parametrize("count", [7, 41])
def test_it_costs_no_question_of_the_database(
    customer: Customer, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Some meters have a volume, some a past, and some have neither."""
    for number in range(count):
        a_device(customer, model=f"B{number}", volumes={"mono": 500} if number % 2 else {})
    clock.set(LATER)
    visitor = a_visitor(a_campaign().invitations.get())
    with django_assert_max_num_queries(12):
        page = visitor.get("/releves")
    assert len(said(page)) == count // 2
