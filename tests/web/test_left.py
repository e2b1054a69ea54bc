"""A value dated after the device left: asked again in the page, the spreadsheet and on the phone alike."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from releveur import clock
from releveur.campaigns import noting, retiring
from releveur.campaigns.models import Invitation, Receipt
from releveur.fleet.models import Device
from releveur.readings import wording
from tests.factories import OPENED, a_campaign, meter_of, reading_of
from tests.web.seeing import field
from tests.web.tableurs import BLACK, DAY, SERIAL, a_book, a_fleet, give
from tests.web.visiting import Page, a_visitor, fields, text

pytestmark = pytest.mark.django_db

GONE, LATER = date(2022, 4, 1), "2022-04-03"


def says() -> str:
    return wording.date_sentence("AFTER_IT_LEFT")


@pytest.fixture
def device() -> Device:
    """Retired on the first of April, without values, after it was asked for."""
    [device] = a_fleet(2)[1:]
    early = OPENED - timedelta(days=6)
    a_campaign(now=early)
    retiring.retire(device, on=GONE, values={}, said=noting.Said(), now=early)
    return device


@pytest.fixture
def visitor(device: Device) -> Client:
    return a_visitor(Invitation.objects.get())


def sends(visitor: Client, device: Device, **typed: str) -> Page:
    form = fields(visitor.get("/releves"))
    return visitor.post("/releves", form | {field(device): "41200"} | typed)


def test_the_page_proposes_the_day_it_left_and_asks_a_later_one_again(
    visitor: Client, device: Device
) -> None:
    asked = sends(visitor, device, **{f"on-{device.pk}": LATER})
    assert asked.status_code == 422 and says() in text(asked)
    assert not Receipt.objects.exists()

    assert sends(visitor, device).status_code == 303
    assert reading_of(meter_of(device)).taken_on == GONE


def test_the_spreadsheet_asks_it_again_too(visitor: Client, device: Device) -> None:
    def line(day: object) -> bytes:
        return a_book([[SERIAL, BLACK, DAY], [device.serial, 41_200, day]])

    asked = give(visitor, line(LATER))
    assert asked.status_code == 422 and says() in text(asked)
    assert give(visitor, line(GONE)).status_code == 303


def test_so_does_the_phone(device: Device) -> None:
    clock.set(OPENED)
    with pytest.raises(CommandError, match=says()):
        call_command("declare", device.serial, "Noir=41200", "--on", LATER, stdout=StringIO())
    call_command(
        "declare", device.serial, "Noir=41200", "--on", GONE.isoformat(), stdout=StringIO()
    )
    assert reading_of(meter_of(device)).taken_on == GONE
