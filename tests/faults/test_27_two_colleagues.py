"""When two colleagues of a customer declare different values for one device, the second sees who declared
what, and when, and has to choose; nothing is overwritten unseen, and both values stay in the history.

Both open the page; she sends, then he does; he sends the value again after having seen hers. Then both send
at one instant, for five devices at once.

Without `_conflicts(one.declared, mine)` in `campaigns/questioning.py: sort`
his value takes the place of hers without a word.
"""

from __future__ import annotations

import re

import pytest
from django.test import Client

from releveur import clock
from releveur.campaigns import handing_over
from releveur.campaigns.models import DueReading, Invitation
from releveur.customers.introducing import Named
from releveur.readings.models import Reading
from tests.factories import OPENED
from tests.faults.asked import asked, the_device
from tests.faults.at_once import raised, together
from tests.web.visiting import a_visitor, fields, text

pytestmark = pytest.mark.django_db(transaction=True)

KARIM = Named("karim@gramont-services.example", "Karim")
DEVICES = 5


def both(devices: int) -> tuple[Client, Client]:
    """Alexandra, and Karim to whom she handed all devices."""
    clock.set(OPENED)
    hers = asked(devices=devices)
    for number in range(devices):
        handing_over.hand_over(hers, the_device(number), to=KARIM, now=OPENED)
    return a_visitor(hers), a_visitor(Invitation.objects.get(contact__first_name="Karim"))


def form(visitor: Client, value: int) -> dict[str, str]:
    shown = fields(visitor.get("/releves"))
    rows = {f"value-{row}": str(value) for row in DueReading.objects.values_list("pk", flat=True)}
    return shown | rows


def test_the_second_sees_what_the_first_declared_and_chooses() -> None:
    alexandra, karim = both(1)
    his = form(karim, 40_250)
    assert alexandra.post("/releves", form(alexandra, 40_112)).status_code == 303

    asks = karim.post("/releves", his)
    assert asks.status_code == 422
    assert "Alexandra" in text(asks) and "40 112" in text(asks)
    assert declared() == [40_112]

    chosen = fields(asks) | {name: his[name] for name in his if name.startswith("value-")}
    chosen |= confirmations(asks.content.decode())
    assert karim.post("/releves", chosen).status_code == 303
    row = DueReading.objects.select_related("reading__supersedes").get()
    assert row.reading and row.reading.supersedes
    assert (row.reading.value, row.reading.supersedes.value) == (40_250, 40_112)
    assert declared() == [40_112, 40_250], "both stay"


def test_at_the_same_instant_one_is_recorded_and_the_other_asked() -> None:
    people = both(DEVICES)
    forms = [form(people[0], 40_112), form(people[1], 40_250)]

    answers = together(2, lambda who: people[who].post("/releves", forms[who]))

    assert not raised(answers)
    codes = sorted(one.status_code for one in answers if not isinstance(one, Exception))
    assert codes == [303, 422]
    assert len(declared()) == DEVICES and len(set(declared())) == 1


def declared() -> list[int]:
    readings = Reading.objects.filter(source="CUSTOMER").order_by("pk")
    return list(readings.values_list("value", flat=True))


def confirmations(page: str) -> dict[str, str]:
    """What the boxes of the page's questions send when they are ticked."""
    name = f"confirmed-{the_device().pk}"
    ticked = re.search(rf'name="{name}" value="([^"]*)"', page)
    return {name: ticked[1]} if ticked else {}
