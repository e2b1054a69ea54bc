"""« Un problème avec cet équipement ? », by its form."""

from __future__ import annotations

import pytest
from django.test import Client

from releveur.campaigns.models import Campaign, Problem
from releveur.fleet.models import Device
from tests.factories import OPENED
from tests.web.visiting import Page, text

pytestmark = pytest.mark.django_db


def tells(visitor: Client, device: Device, **said: str) -> Page:
    return visitor.post(f"/releves/materiel/{device.pk}/probleme", said)


def test_a_problem_told_stands_in_its_row_and_asks_nothing_more(
    visitor: Client, device: Device
) -> None:
    answer = tells(visitor, device, what="BROKEN")
    assert (answer.status_code, answer["Location"]) == (303, f"/releves#device-{device.pk}")
    seen = text(visitor.get("/releves"))
    assert "Signalé" in seen and "il est en panne" in seen and "Saisir malgré tout" in seen
    assert "Envoyer mon relevé" not in seen


def test_of_a_replaced_device_both_counters_are_kept_and_shown_again(
    visitor: Client, device: Device
) -> None:
    said = {"what": "REPLACED", "serial": "39 NEW", "old-MONO": "40 500", "new-MONO": "125"}
    tells(visitor, device, **said)
    problem = Problem.objects.get()
    assert (problem.new_serial, problem.values) == (
        "39 NEW", {"old": {"MONO": 40_500}, "new": {"MONO": 125}},
    )  # fmt: skip
    again = visitor.get(f"/releves/materiel/{device.pk}/probleme").content.decode()
    assert 'value="40500"' in again and 'value="39 NEW"' in again


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "Choisissez ce qui se passe"),
        ({"what": "STOLEN"}, "Choisissez ce qui se passe"),
        ({"what": "OTHER", "words": " "}, "Dites en quelques mots"),
        ({"what": "REPLACED", "old-MONO": "40.500"}, "Tapez les chiffres affichés"),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_nothing_is_lost(
    visitor: Client, device: Device, said: dict[str, str], sentence: str
) -> None:
    page = tells(visitor, device, **{"serial": "39 NEW", **said})
    assert page.status_code == 422
    assert text(page).count(sentence) == 2, "in the summary and beside the field"
    assert "<title>Erreur" in page.content.decode() and 'value="39 NEW"' in page.content.decode()
    assert not Problem.objects.exists()


def test_it_is_taken_back_with_one_press(visitor: Client, device: Device) -> None:
    tells(visitor, device, what="GONE")
    back = visitor.post(f"/releves/materiel/{device.pk}/probleme/retirer")
    assert back.status_code == 303
    assert "Envoyer mon relevé" in text(visitor.get("/releves"))


def test_once_the_invoice_is_made_there_is_no_such_page(visitor: Client, device: Device) -> None:
    Campaign.objects.update(state="SIGNED", signed_at=OPENED, signed_by="Mme Roy")
    assert visitor.get(f"/releves/materiel/{device.pk}/probleme").status_code == 404
    assert tells(visitor, device, what="GONE").status_code == 404
