"""Signed campaigns once more with hidden answers: only what was known then counts, and the numbers are right."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from releveur import clock
from releveur.campaigns import backtesting, closing, signing
from releveur.campaigns.models import Campaign
from releveur.fleet.models import Device
from releveur.readings.models import Reading
from releveur.rules.accuracy import Accuracy
from tests.factories import (
    DUE_ON,
    OPENED,
    READ_ON,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_meter,
    a_reading,
    answers,
    meter_of,
)

pytestmark = pytest.mark.django_db

CUSTOMERS = 12
QUARTER = 91
SHARES = (120, 100, 60, 120)
"""What is printed in spring, summer, autumn and winter quarters, of a hundred: the latest first is before 5 January."""

NEW_METER = 3
"""The customer whose device has a meter that nobody ever read before."""

LATER = OPENED + timedelta(days=40)


def printed(customer: int, quarter: int) -> int:
    """Impressions of the quarter before DUE_ON (0), the one before (1), …"""
    return (400 + 50 * customer) * SHARES[quarter % 4] // 100


def a_fleet() -> list[Device]:
    devices = []
    for number in range(CUSTOMERS):
        customer = a_customer(code=f"CL{number:06}", name=f"Client {number}")
        a_contact(customer, email=f"a{number}@client.example", first_name=f"A{number}")
        volumes = [printed(number, quarter) for quarter in range(1, 13)]
        device = a_device(customer, mono=10_000 + sum(volumes))
        for back in range(1, 13):
            value = 10_000 + sum(volumes[back:])
            a_reading(meter_of(device), READ_ON - timedelta(days=QUARTER * back), value)
        if number == NEW_METER:
            a_meter(device, "color")
        devices.append(device)
    return devices


@pytest.fixture
def campaign() -> Campaign:
    """Everybody printed a tenth more than the season lets expect; the last two kept silent."""
    clock.set(OPENED)
    a_dealer()
    devices = a_fleet()
    campaign = a_campaign()
    for number, device in enumerate(devices[:-2]):
        invitation = campaign.invitations.get(contact__email=f"a{number}@client.example")
        before = meter_of(device).readings.latest("taken_on").value
        mono = before + printed(number, 0) * 11 // 10
        if number == NEW_METER:
            answers(invitation, device, now=OPENED, mono=mono, color=1_234)
        else:
            answers(invitation, device, now=OPENED, mono=mono)
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.CLOSING)
    closing.finish(campaign.pk, now=LATER)
    signing.sign(campaign.pk, by="Camille Roux", now=LATER, estimate_unasked=True)
    campaign.refresh_from_db()
    return campaign


def said(*arguments: str) -> list[dict[str, Any]]:
    """What the command answers of each campaign."""
    out = io.StringIO()
    call_command("backtest", *arguments, "--json", stdout=out)
    campaigns: list[dict[str, Any]] = json.loads(out.getvalue())["campaigns"]
    return campaigns


def the_error(found: Accuracy) -> Fraction:
    assert found.error is not None
    return found.error


def test_season_and_answers_beat_the_mean_of_four_periods(campaign: Campaign) -> None:
    found = backtesting.replay(campaign, hide=30, seed=1)
    assert (found.answered, found.hidden) == (11, 4)
    assert found.ours.count == found.mean.count == found.last_year.count >= 3
    assert the_error(found.ours) < the_error(found.last_year) < the_error(found.mean)


def test_what_stands_beside_is_of_the_same_meters(campaign: Campaign) -> None:
    found = backtesting.replay(campaign, hide=30, seed=1)
    assert found.beside_mean == found.beside_last_year == found.ours


def test_what_was_read_after_an_answer_tells_nothing(campaign: Campaign) -> None:
    before = backtesting.replay(campaign, hide=90, seed=1)
    for meter in Device.objects.values_list("meters", flat=True):
        Reading.objects.create(
            meter_id=meter, taken_on=DUE_ON + timedelta(days=30), value=90_000_000,
            source=Reading.Source.TECHNICIAN, recorded_at=LATER,
        )  # fmt: skip
    assert backtesting.replay(campaign, hide=90, seed=1) == before


def test_a_meter_nobody_ever_read_is_counted_apart(campaign: Campaign) -> None:
    found = backtesting.replay(campaign, hide=90, seed=1)
    assert found.answered == 11
    assert (found.ours.count + found.untold, found.untold) == (found.hidden, 1)


def test_the_same_seed_hides_the_same_customers_another_hides_others(campaign: Campaign) -> None:
    errors = {backtesting.replay(campaign, hide=20, seed=seed).ours.error for seed in range(4)}
    again = {backtesting.replay(campaign, hide=20, seed=seed).ours.error for seed in range(4)}
    assert errors == again
    assert len(errors) > 1


def test_nothing_is_written(campaign: Campaign) -> None:
    rows = Reading.objects.count()
    said()
    assert Reading.objects.count() == rows


def test_the_command_gives_shares_of_one_and_words_per_cent(campaign: Campaign) -> None:
    [one] = said("--campaign", str(campaign.pk), "--hide", "30")
    found = backtesting.replay(campaign, hide=30, seed=1)
    assert one["estimates"]["error"] == round(float(the_error(found.ours)), 4)
    assert one["last_year"]["ours"]["count"] >= 3
    out = io.StringIO()
    call_command("backtest", "--hide", "30", stdout=out)
    assert f"{float(the_error(found.ours)) * 100:.1f}".replace(".", ",") in out.getvalue()


@pytest.mark.parametrize("wrong", ["0", "91", "x", "-3"])
def test_a_share_that_hides_nobody_or_everybody_is_refused(wrong: str) -> None:
    with pytest.raises(CommandError, match="1 à 90"):
        call_command("backtest", f"--hide={wrong}")


def test_without_a_signed_campaign_it_says_so() -> None:
    clock.set(OPENED)
    with pytest.raises(CommandError):
        call_command("backtest")
    with pytest.raises(CommandError):
        call_command("backtest", "--campaign", "12")
