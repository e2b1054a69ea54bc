from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from releveur.campaigns import basis_file, signing, steps
from releveur.campaigns.models import BasisLine, Campaign, Invitation
from releveur.contracts.models import Contract
from releveur.customers.models import Customer
from releveur.fleet.models import Device, MeterKind
from releveur.readings.models import Billed, Reading
from releveur.rules.schedule import PARIS
from tests.factories import (
    DUE_ON,
    OPENED,
    a_billed_estimate,
    a_campaign,
    a_contact,
    a_contract,
    a_customer,
    a_dealer,
    a_device,
    a_meter,
    a_proof,
    answers,
    meter_of,
    reading_of,
)
from tests.test_closing import a_silent_quarter

pytestmark = pytest.mark.django_db

SIGNED = datetime(2022, 5, 2, 11, 0, tzinfo=PARIS)
JULY = date(2022, 7, 5)
OPENED_IN_JULY = datetime(2022, 7, 5, 10, 0, tzinfo=PARIS)


def signs(campaign: Campaign, **options: bool) -> signing.Signed:
    return signing.sign(campaign.pk, by="Mme Roy", now=SIGNED, **options)


def closes(campaign: Campaign) -> Campaign:
    Campaign.objects.filter(pk=campaign.pk).update(state="CLOSED")
    campaign.refresh_from_db()
    return campaign


def lines(campaign: Campaign) -> list[dict[str, Any]]:
    campaign.refresh_from_db()
    found: list[dict[str, Any]] = json.loads(basis_file.as_json(campaign))["lines"]
    return found


def test_the_quarter_of_the_seed_read_by_its_customer_e1(device: Device) -> None:
    campaign = a_campaign()
    answers(Invitation.objects.get(), device, mono=41_200, color=92_910, now=OPENED)

    assert signs(closes(campaign)) == signing.Signed(lines=2, blocked=0)

    mono, color = lines(campaign)
    assert (mono["net"], mono["of_this_period"], mono["regularisation"]) == (1_516, 1_516, 0)
    assert (color["net"], color["of_this_period"], color["regularisation"]) == (3_235, 3_235, 0)


@pytest.mark.parametrize(
    ("estimated", "net", "regularisation"), [(1_500, 816, -348), (3_000, -684, -1_848)]
)
def test_a_real_value_after_an_estimate_settles_it_e2_e3(
    estimated: int, net: int, regularisation: int
) -> None:
    a_contact(customer := a_customer())
    device = a_device(customer, mono=39_684)
    a_billed_estimate(meter_of(device), DUE_ON, 39_684 + estimated)
    campaign = a_campaign(due_until=JULY, now=OPENED_IN_JULY)
    answers(Invitation.objects.get(), device, mono=42_000, now=OPENED_IN_JULY, proof=a_proof())

    signs(closes(campaign))

    [line] = lines(campaign)
    assert (line["net"], line["of_this_period"], line["regularisation"]) == (
        net,
        1_164,
        regularisation,
    )


def test_two_quarters_add_up_to_the_pages_printed(device: Device) -> None:
    spring = a_silent_quarter()
    signs(spring)
    summer = a_campaign(due_until=JULY, now=OPENED_IN_JULY)
    invitation = Invitation.objects.get(campaign=summer)
    answers(invitation, device, mono=42_000, color=95_000, now=OPENED_IN_JULY)
    signs(closes(summer))

    billed = sum(line["net"] for line in lines(spring) + lines(summer))
    assert billed == (42_000 - 39_684) + (95_000 - 89_675)


def test_the_signature_writes_what_is_billed(device: Device) -> None:
    campaign = a_campaign()
    answers(Invitation.objects.get(), device, mono=41_200, color=92_910, now=OPENED)
    signs(closes(campaign))

    last = Billed.objects.last_of([meter_of(device).pk])[meter_of(device).pk]
    assert (last.value, last.taken_on, last.origin, last.quality) == (
        41_200,
        DUE_ON,
        "RELEVEUR",
        "ACTUAL",
    )


def test_only_a_closed_campaign_is_signed_and_only_once(device: Device) -> None:
    campaign = a_campaign()
    with pytest.raises(signing.NotClosed):
        signs(campaign)
    answers(Invitation.objects.get(), device, mono=41_200, color=92_910, now=OPENED)
    signs(closes(campaign))
    with pytest.raises(signing.NotClosed):
        signs(campaign)
    assert BasisLine.objects.count() == 2


def test_campaigns_of_a_meter_are_signed_in_their_order(device: Device) -> None:
    spring = a_campaign()
    summer = closes(a_campaign(due_until=JULY, now=OPENED_IN_JULY))

    with pytest.raises(signing.EarlierUnsigned) as refusal:
        signs(summer)

    assert list(refusal.value.campaigns) == [spring]


def test_what_nobody_was_asked_waits_for_the_office() -> None:
    device = a_device(a_customer(), mono=1)
    campaign = closes(a_campaign())

    with pytest.raises(signing.NeverAsked) as refusal:
        signs(campaign)
    assert len(refusal.value.rows) == 1

    signs(campaign, estimate_unasked=True)
    assert reading_of(meter_of(device)).source == Reading.Source.SYSTEM


def test_a_blocked_meter_gets_no_line_and_its_pages_come_with_the_next() -> None:
    a_contact(customer := a_customer())
    device = a_device(
        customer, contract=a_contract(customer, estimation_allowed=False), mono=39_684
    )
    spring = a_silent_quarter()
    assert signs(spring) == signing.Signed(lines=0, blocked=1)

    summer = a_campaign(due_until=JULY, now=OPENED_IN_JULY)
    answers(Invitation.objects.get(campaign=summer), device, mono=42_000, now=OPENED_IN_JULY)
    signs(closes(summer))

    assert [line["net"] for line in lines(summer)] == [2_316]


def test_a_first_reading_ever_bills_nothing_and_says_why() -> None:
    a_contact(customer := a_customer())
    device = a_device(customer, mono=39_684)
    a_meter(device, "color")
    campaign = a_campaign()
    answers(Invitation.objects.get(), device, color=500, mono=40_000, now=OPENED)
    signs(closes(campaign))

    color = next(line for line in lines(campaign) if line["meter_code"] == "COLOR")
    assert (color["net"], color["anomaly"]) == (0, "premier relevé")


def test_a_late_value_corrects_the_next_period(device: Device) -> None:
    spring = a_silent_quarter()
    signs(spring)
    before = basis_file.as_csv(Campaign.objects.get(pk=spring.pk))
    invitation = Invitation.objects.get(campaign=spring)
    answers(invitation, device, mono=41_200, color=92_910, taken_on=date(2022, 5, 2), now=SIGNED)

    summer = a_campaign(due_until=JULY, now=OPENED_IN_JULY)
    promoted = Reading.objects.standing().real().filter(taken_on=date(2022, 5, 2))
    assert sorted(promoted.values_list("value", flat=True)) == [41_200, 92_910]

    answers(
        Invitation.objects.get(campaign=summer),
        device,
        mono=42_000,
        color=95_000,
        now=OPENED_IN_JULY,
    )
    signs(closes(summer))
    mono = lines(summer)[0]
    assert mono["net"] == mono["of_this_period"] + mono["regularisation"] == 42_000 - 39_684
    assert basis_file.as_csv(Campaign.objects.get(pk=spring.pk)) == before


def test_a_signed_basis_is_the_same_bytes_whatever_moves_afterwards(device: Device) -> None:
    campaign = a_campaign()
    answers(Invitation.objects.get(), device, mono=41_200, color=92_910, now=OPENED)
    signs(closes(campaign))
    campaign.refresh_from_db()
    before = (basis_file.as_csv(campaign), basis_file.as_json(campaign))

    Customer.objects.update(name="Renommée")
    Contract.objects.update(number="NEW-1", payer_name="Autre payeur")
    Device.objects.update(fleet_number="X", mode="NONE")
    MeterKind.objects.update(label_fr="Gris")
    Campaign.objects.update(label="Autre nom")
    a_dealer()
    steps.take_due_steps(now=SIGNED + timedelta(days=30))

    campaign.refresh_from_db()
    assert (basis_file.as_csv(campaign), basis_file.as_json(campaign)) == before


def test_before_the_signature_the_file_says_it_is_provisional(device: Device) -> None:
    campaign = a_campaign()
    answers(Invitation.objects.get(), device, mono=41_200, now=OPENED)

    rows = _rows(campaign)

    assert {row["Préfacturation"] for row in rows} == {"PROVISOIRE", "TOTAL"}
    assert not BasisLine.objects.exists()


def test_the_totals_of_the_file_add_up(device: Device) -> None:
    customer = a_customer(code="CL002000", name="=Port Royal")
    a_contact(customer, email="port@example.org")
    other = a_device(customer, mono=1_000)
    campaign = a_campaign()
    for invitation in Invitation.objects.all():
        mine = invitation.asked.values_list("due_reading__meter__device", flat=True)
        if other.pk in mine:
            answers(invitation, other, mono=1_300, now=OPENED)
        else:
            answers(invitation, device, mono=41_200, color=92_910, now=OPENED)

    rows = _rows(campaign)

    totals = {
        row["Compteur"]: int(row["Impressions"]) for row in rows if row["Préfacturation"] == "TOTAL"
    }
    plain = [row for row in rows if row["Préfacturation"] != "TOTAL"]
    for label in ("Noir", "Couleur"):
        of_kind = [int(row["Impressions"]) for row in plain if row["Compteur"] == label]
        assert totals[label] == sum(of_kind)
    assert totals["Tous"] == sum(int(row["Impressions"]) for row in plain) == 1_516 + 3_235 + 300
    assert any(row["Raison sociale"] == "'=Port Royal" for row in plain), "no formula reaches Excel"


def _rows(campaign: Campaign) -> list[dict[str, str]]:
    text = basis_file.as_csv(campaign).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))
