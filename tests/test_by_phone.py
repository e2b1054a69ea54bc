from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from releveur.campaigns import by_phone
from releveur.campaigns.models import Campaign, DueReading, Notice
from releveur.fleet import naming
from releveur.fleet.models import Device
from releveur.readings.models import Reading
from releveur.rules.schedule import PARIS
from tests.factories import (
    OPENED,
    a_campaign,
    a_customer,
    a_device,
    a_meter,
    a_proof,
)

pytestmark = pytest.mark.django_db

TODAY = date(2022, 4, 5)


@pytest.fixture(autouse=True)
def asked(campaign: Campaign) -> None:
    """A campaign waits for its reading."""


def test_a_value_told_by_phone_counts_like_any_other(device: Device) -> None:
    values = {"Noir": 41_200, "color": 92_910}

    outcome = by_phone.declare("3923656030", values, taken_on=TODAY, now=OPENED)

    assert outcome.receipt is not None
    sources = DueReading.objects.values_list("reading__source", flat=True)
    assert set(sources) == {Reading.Source.OFFICE}
    assert Notice.objects.get().withheld_at == OPENED, "nobody is asked any more"


def test_a_lower_value_by_phone_wants_its_photo_too(device: Device) -> None:
    values = {"Noir": 39_600}
    asked = by_phone.declare("3923656030", values, taken_on=TODAY, now=OPENED, confirmed=True)
    assert asked.receipt is None

    proved = by_phone.declare("3923656030", values, taken_on=TODAY, now=OPENED, proof=a_proof())
    assert proved.receipt is not None


def test_an_unknown_serial_or_meter_is_said(device: Device) -> None:
    with pytest.raises(naming.UnknownSerial):
        by_phone.declare("0000", {"Noir": 1}, taken_on=TODAY, now=OPENED)
    with pytest.raises(naming.UnknownMeter) as refusal:
        by_phone.declare("3923656030", {"Vert": 1}, taken_on=TODAY, now=OPENED)
    assert refusal.value.known == "Couleur, Noir"


def test_a_device_never_due_takes_no_value() -> None:
    a_device(a_customer(), serial="NEW")
    with pytest.raises(by_phone.NothingDue):
        by_phone.declare("NEW", {"Noir": 50_000}, taken_on=TODAY, now=OPENED)


def test_the_oldest_running_campaign_is_served_first(device: Device) -> None:
    july = datetime(2022, 7, 5, 10, tzinfo=PARIS)
    summer = a_campaign(due_until=date(2022, 7, 5), now=july)
    Campaign.objects.exclude(pk=summer.pk).update(
        state="SIGNED", signed_at=OPENED + timedelta(days=30), signed_by="Mme Roy"
    )

    by_phone.declare("3923656030", {"Noir": 42_000}, taken_on=july.date(), now=july)

    assert summer.due_readings.answered().count() == 1


def test_a_meter_that_is_not_due_with_the_others_is_refused(device: Device) -> None:
    a_meter(device, "total")
    with pytest.raises(by_phone.NothingDue):
        by_phone.declare("3923656030", {"Noir": 41_200, "Total": 9}, taken_on=TODAY, now=OPENED)
