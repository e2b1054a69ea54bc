"""Whoever is known types nothing but a day: what stands is folded, what is missing or wrong is open."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from releveur.customers.models import Contact
from tests.web.test_appointment import FORM, customer
from tests.web.visiting import Page, fields, text

__all__ = ["customer"]

pytestmark = pytest.mark.django_db

GROUPS = ("address", "devices", "first_name", "network_name")


def open_groups(page: Page) -> list[str]:
    """By their first field: the parts of the form that are not folded."""
    folds = re.findall("<details( open)?>(.*?)</details>", text(page))
    assert len(folds) == len(GROUPS)
    return [
        name
        for name, (is_open, inside) in zip(GROUPS, folds, strict=True)
        if is_open and f'name="{name}"' in inside
    ]


def test_what_is_known_is_folded_and_says_itself(visitor: Client) -> None:
    page = visitor.get(FORM)
    assert open_groups(page) == []
    seen = text(page)
    assert "30 rue de Gramont, 75002 Paris" in seen and "1 équipement sur 1" in seen
    assert "Alexandra Morel, alexandra@gramont-services.example, 01 44 00 00 01" in seen


def test_a_contact_without_a_phone_number_is_asked_for_it(visitor: Client) -> None:
    Contact.objects.update(phone="")
    assert open_groups(visitor.get(FORM)) == ["first_name"]


@pytest.mark.parametrize(
    ("typed", "group"),
    [
        ({"town": ""}, "address"),
        ({"devices": "0"}, "devices"),
        ({"email": "alexandra"}, "first_name"),
        ({"network_phone": "demain"}, "network_name"),
    ],
)
def test_a_group_with_a_fault_is_open(visitor: Client, typed: dict[str, str], group: str) -> None:
    page = visitor.post(FORM, fields(visitor.get(FORM)) | typed)
    assert page.status_code == 422 and open_groups(page) == [group]
