"""What was typed in signed campaigns, checked once more: who was asked rightly, what passed, and what is learned of it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command

from releveur import clock
from releveur.audit.models import Entry
from releveur.campaigns import learning, rechecking, signing
from releveur.campaigns.models import Campaign
from releveur.campaigns.rechecking import Rechecked
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device
from releveur.readings import mending
from releveur.readings.examining import House
from releveur.readings.models import Finding
from releveur.rules.findings import Code
from releveur.rules.priors import PRIORS
from tests.factories import (
    OPENED,
    READ_ON,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_declaration,
    a_device,
    a_reading,
    answers,
    meter_of,
    sends,
)

pytestmark = pytest.mark.django_db

MONO, COLOR = 39_684, 89_675
LATER = OPENED + timedelta(days=1)


@pytest.fixture(autouse=True)
def spring() -> None:
    clock.set(OPENED)
    a_dealer()


def a_machine(code: str) -> Device:
    """Read each quarter for three years: 1 500 in black, 3 000 in colour."""
    customer = a_customer(code=code, name=code)
    a_contact(customer, email=f"{code}@client.example")
    device = a_device(customer, mono=MONO, color=COLOR)
    for back in range(1, 13):
        day = READ_ON - timedelta(days=91 * back)
        a_reading(meter_of(device), day, MONO - 1_500 * back)
        a_reading(meter_of(device, "color"), day, COLOR - 3_000 * back)
    return device


def the_signed(campaign: Campaign) -> Campaign:
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.CLOSED)
    signing.sign(campaign.pk, by="Camille Roux", now=LATER)
    campaign.refresh_from_db()
    return campaign


@pytest.fixture
def campaign() -> Campaign:
    """A good answer, exchanged counters that were mended, a slip that passed and was corrected, a true jump."""
    good, swapped, slipped, jumped = (a_machine(f"CL{n}") for n in range(4))
    campaign = a_campaign()
    good_one, swapper, slipper, jumper = campaign.invitations.order_by("contact__email")
    answers(good_one, good, now=OPENED, mono=MONO + 1_516, color=COLOR + 3_100)
    wrong_way = a_declaration(swapped, OPENED.date(), mono=COLOR + 3_050, color=MONO + 1_480)
    sends(swapper, replace(wrong_way, confirmed=False, mend=frozenset({mending.FIRST})), now=OPENED)
    answers(slipper, slipped, now=OPENED, mono=MONO + 1_561, color=COLOR + 3_000)
    answers(slipper, slipped, now=LATER, mono=MONO + 1_516, color=COLOR + 3_000)
    answers(jumper, jumped, now=OPENED, mono=MONO + 40_000, color=COLOR + 3_000)
    return the_signed(campaign)


def test_a_mended_slip_was_asked_about_rightly_and_a_true_jump_was_not(campaign: Campaign) -> None:
    found = rechecking.recheck(campaign)
    assert (found.devices, found.asked, found.right, found.missed) == (5, 2, 1, 1)
    assert found.by_code[Code.SWAPPED] == (1, 1)


def test_what_was_typed_before_the_click_is_what_is_checked(campaign: Campaign) -> None:
    mended = Finding.objects.filter(answer=Finding.Answer.MENDED)
    assert {one.code for one in mended} == {"SWAPPED"}
    assert rechecking.recheck(campaign).by_code[Code.SWAPPED] == (1, 1)


def test_what_proved_right_teaches_the_priors(campaign: Campaign) -> None:
    learned = learning.learn()
    assert (learned.campaigns, learned.lessons.declarations) == (1, 5)
    assert learned.lessons.proved[Code.SWAPPED] == 1
    assert learned.priors.swapped > PRIORS.swapped * 2_000 / 2_005
    assert learned.priors.total < PRIORS.total


def test_the_command_keeps_them_for_the_checks_says_so_and_forgets_them(campaign: Campaign) -> None:
    out = io.StringIO()
    call_command("learn_priors", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["declarations"] == 5
    assert House.here().priors.total == pytest.approx(told["priors"]["total"])
    assert Entry.objects.filter(action="CHANGE_DEALER", after__has_key="priors").count() == 1

    call_command("learn_priors", "--forget", stdout=io.StringIO())
    assert Dealer.objects.here().priors == {}
    assert House.here().priors == PRIORS


def test_a_dry_run_keeps_nothing(campaign: Campaign) -> None:
    call_command("learn_priors", "--dry-run", stdout=io.StringIO())
    assert Dealer.objects.here().priors == {}


def test_without_a_signed_campaign_nothing_is_learned() -> None:
    call_command("learn_priors", stdout=io.StringIO())
    assert Dealer.objects.here().priors == {}
    assert Rechecked().lessons().declarations == 0
