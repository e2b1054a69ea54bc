"""The sheet of paper: in the order of the walk, a box per digit, nothing a pencil cannot fill in."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releveur.campaigns.models import Campaign, Invitation
from releveur.customers.models import Customer
from releveur.fleet.models import DeviceModel
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_device,
    a_site,
    answers,
    meter_of,
)
from tests.web.visiting import text

pytestmark = pytest.mark.django_db

WALK = ("Sous-sol, archives", "RDC, accueil", "1er étage", "2e étage", "10e étage", "Loge")


class Boxes(HTMLParser):
    """How many boxes each counter has."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if dict(attrs).get("class") == "boxes":
            self.counts.append(0)
        elif tag == "i":
            self.counts[-1] += 1


@pytest.fixture
def campaign(customer: Customer) -> Campaign:
    for location in sorted(WALK):
        a_device(customer, location=location)
    return a_campaign()


def boxes(visitor: Client) -> list[int]:
    parser = Boxes()
    parser.feed(visitor.get("/releves/feuille").content.decode())
    return parser.counts


def test_the_sheet_follows_the_walk(visitor: Client) -> None:
    seen = text(visitor.get("/releves/feuille"))
    places = [seen.index(f"<strong>{location}</strong>") for location in WALK]
    assert places == sorted(places)


def test_the_page_to_type_in_has_the_order_of_the_paper(visitor: Client) -> None:
    page, paper = (
        re.findall("39[0-9]{8}", text(visitor.get(address)))
        for address in ("/releves", "/releves/feuille")
    )
    assert list(dict.fromkeys(page)) == list(dict.fromkeys(paper))


def test_the_head_says_for_whom_until_when_and_whom_to_call(visitor: Client) -> None:
    seen = text(visitor.get("/releves/feuille"))
    assert "Gramont Services</strong> · CL001007" in seen
    assert "À rendre à Alexandra avant le <strong>jeudi 28 avril 2022 à 18 h</strong>" in seen
    assert "Comptabilité Fournisseurs" in seen
    assert "01 53 20 11 00" in seen and "releves@bureautique-lafayette.example" in seen
    assert "Où trouver le compteur" in seen


def test_each_device_has_what_it_takes_to_recognise_it(visitor: Client) -> None:
    device = a_device(a_customer(), serial="3923656030", location="Cave")
    a_campaign()
    seen = text(visitor.get("/releves/feuille"))
    assert "Xerox 7855V_F" in seen and "n° 3923656030" in seen
    assert device.fleet_number in seen
    assert "39 684 le 05/01/2022" in seen and "Inaccessible" in seen


def test_a_counter_has_a_box_per_digit_of_its_display(visitor: Client) -> None:
    assert boxes(visitor) == [8] * 12
    short, long = a_device(a_customer(), location="Z1", mono=5), a_device(
        a_customer(), location="Z2", mono=1_234_567_890
    )  # fmt: skip
    short.meters.update(digits=6)
    assert meter_of(long).digits is None
    a_campaign()
    assert boxes(visitor)[-2:] == [6, 10], "never fewer than the display has shown"


def test_what_is_declared_needs_no_walk(visitor: Client) -> None:
    invitation = Invitation.objects.get()
    device = a_device(a_customer(), location="Loge 2", mono=39_684)
    a_campaign()
    answers(invitation, device, mono=41_200, now=OPENED)
    assert "déclaré : 41 200 le 05/04/2022" in text(visitor.get("/releves/feuille"))
    assert len(boxes(visitor)) == 12


def test_companies_and_sites_stand_apart(visitor: Client) -> None:
    second = a_customer(code="CL001008", name="Gramont Immobilier")
    a_contact(second)
    a_device(second, site=a_site(second, name="Annexe"))
    a_campaign()
    seen = text(visitor.get("/releves/feuille"))
    assert "Gramont Immobilier · CL001008 – Annexe" in seen
    assert seen.count('<table class="walk">') == 2


def test_a_model_of_which_we_know_where_it_shows_its_counters_says_so(visitor: Client) -> None:
    DeviceModel.objects.update(shown_where="Touche État de la machine, puis Facturation.")
    assert "Touche État de la machine, puis Facturation." in text(visitor.get("/releves/feuille"))


def test_after_the_deadline_the_sheet_names_no_day_that_is_over(visitor: Client) -> None:
    Campaign.objects.update(state="CLOSED")
    seen = text(visitor.get("/releves/feuille"))
    assert "À rendre à Alexandra." in seen and "avant le" not in seen


def test_the_sheet_is_nobody_elses(visitor: Client) -> None:
    assert Client().get("/releves/feuille").status_code == 403
    a_contact(stranger := a_customer(code="CL009000", name="Autre"), email="x@autre.example")
    a_device(stranger, serial="STRANGER")
    a_campaign()
    assert "STRANGER" not in text(visitor.get("/releves/feuille"))


@pytest.mark.parametrize("count", [8, 41])
def test_the_sheet_costs_the_same_whatever_the_number_of_devices(
    visitor: Client, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count - len(WALK)):
        a_device(a_customer())
    a_campaign()
    with django_assert_max_num_queries(9):
        visitor.get("/releves/feuille")
    assert len(boxes(visitor)) == 2 * count
