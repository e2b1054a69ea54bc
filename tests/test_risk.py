"""Whom to call first: by the impressions that may be wrong, whole customers, worst first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from releveur.campaigns import closing
from releveur.campaigns.models import Campaign, DueReading
from releveur.campaigns.risk import Risk, at_risk
from releveur.campaigns.status import status
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from releveur.readings.models import Reading
from tests.factories import (
    OPENED,
    READ_ON,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_reading,
    meter_of,
    the_mails_leave,
)

pytestmark = pytest.mark.django_db


def a_reader(code: str, paces: list[int]) -> Device:
    """Read each quarter: so many impressions each."""
    customer: Customer = a_customer(code=code, name=f"Société {code}")
    a_contact(customer, email=f"{code}@client.example")
    device = a_device(customer, mono=100_000)
    value = 100_000
    for back, pace in enumerate(paces, start=1):
        value -= pace
        a_reading(meter_of(device), READ_ON - timedelta(days=91 * back), value)
    return device


def closed() -> Campaign:
    campaign = a_campaign()
    the_mails_leave(now=OPENED)
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.CLOSING)
    closing.finish(campaign.pk, now=OPENED)
    campaign.refresh_from_db()
    return campaign


def test_who_prints_more_and_less_steadily_is_called_first() -> None:
    a_dealer()
    a_reader("STEADY", [1_500] * 12)
    a_reader("WILD", [300, 2_700, 900, 2_100, 2_800, 400, 1_900, 900, 500, 2_600, 200, 2_700])
    a_reader("LARGE", [60_000 // 12] * 12)
    campaign = closed()

    found = at_risk(campaign, most=20)
    assert [one.code for one in found][-1] == "STEADY"
    for one in found:
        reading = Reading.objects.get(
            fills__campaign=campaign, meter__device__installations__site__customer__code=one.code
        )
        assert reading.explanation is not None
        width = reading.explanation["high"] - reading.explanation["low"]
        assert one == Risk(one.code, f"Société {one.code}", 1, width)
    assert [one.impressions for one in found] == sorted(
        (one.impressions for one in found), reverse=True
    )
    assert len(at_risk(campaign, most=1)) == 1


def test_who_declared_is_at_no_risk() -> None:
    a_dealer()
    device = a_reader("STEADY", [1_500] * 12)
    campaign = closed()
    real = a_reading(meter_of(device), OPENED.date(), 101_500)
    DueReading.objects.filter(campaign=campaign).update(reading=real)
    assert status(campaign, now=OPENED)["at_risk"] == []
