"""The words that are said to a customer: « équipement », as on the mails she has always got."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Message

from tests.test_catalogues import messages

TO_CUSTOMERS = re.compile(
    r"src/releveur/(web/|readings/wording|campaigns/letter|[a-z]+/templates/)"
)
"""Where it stands; commands and imports speak to the dealer."""


def said_to_customers() -> list[str]:
    return [
        text
        for message in messages()
        if is_said_to_customers(message)
        for text in ([message.string] if isinstance(message.string, str) else message.string or ())
    ]


def is_said_to_customers(message: Message) -> bool:
    return any(TO_CUSTOMERS.match(place) for place, _line in message.locations)


def test_a_customer_reads_of_equipment_everywhere() -> None:
    said = said_to_customers()
    assert len([text for text in said if "équipement" in text.lower()]) > 50
    assert not [text for text in said if "matériel" in text.lower()]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("src/releveur/web/templates/portal/row.html", True),
        ("src/releveur/campaigns/templates/campaigns/mail/told.txt", True),
        ("src/releveur/importing/fleet.py", False),
    ],
)
def test_places_are_told_apart(place: str, said: bool) -> None:
    assert is_said_to_customers(Message("x", locations=[(place, 1)])) is said
