"""What was billed on estimates is set right period by period, and a signed basis stays as it was cut."""

from __future__ import annotations

import json
from datetime import date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import CommandError

from releveur.campaigns import basis_file, profile, signing
from releveur.campaigns.models import Campaign, Invitation
from releveur.dealer.models import Dealer
from releveur.fleet.models import Device
from releveur.rules.schedule import PARIS
from tests.factories import (
    a_billed_estimate,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_proof,
    a_reading,
    answers,
    meter_of,
)

pytestmark = pytest.mark.django_db

JULY = date(2022, 7, 5)
IN_JULY = datetime(2022, 7, 5, 10, 0, tzinfo=PARIS)


@pytest.fixture
def device() -> Device:
    a_dealer()
    a_contact(customer := a_customer())
    return a_device(customer, mono=39_684)


def estimated(device: Device, *values: int) -> None:
    for quarter, value in enumerate(values):
        a_billed_estimate(meter_of(device), date(2022, 4 + 3 * quarter, 5), value)


def read(device: Device, value: int, *, on: date = JULY) -> Campaign:
    """A campaign due that day whose only device is read, closed."""
    at = datetime(on.year, on.month, on.day, 10, tzinfo=PARIS)
    campaign = a_campaign(due_until=on, now=at)
    invitation = Invitation.objects.get(campaign=campaign)
    answers(invitation, device, mono=value, now=at, proof=a_proof())
    Campaign.objects.filter(pk=campaign.pk).update(state="CLOSED")
    return Campaign.objects.get(pk=campaign.pk)


def signed(campaign: Campaign) -> Campaign:
    signing.sign(campaign.pk, by="Mme Roy", now=IN_JULY)
    return Campaign.objects.get(pk=campaign.pk)


def line(campaign: Campaign) -> dict[str, object]:
    [found] = json.loads(basis_file.as_json(campaign))["lines"]
    return {
        key: found[key] for key in ("of_this_period", "regularisation", "regularised", "anomaly")
    }


@pytest.mark.parametrize(
    ("estimate", "new", "of_this_period", "regularisation", "told"),
    [
        (41_184, 42_000, 1_164, -348, "facturé 1 500, réel 1 152, régularisation -348"),
        (42_684, 42_000, 1_164, -1_848, "facturé 3 000, réel 1 152, régularisation -1 848"),
        (41_084, 42_884, 1_609, 191, "facturé 1 400, réel 1 591, régularisation 191"),
    ],
)
def test_the_basis_says_what_each_period_was_billed_and_what_it_printed_e2_e3_e5(
    device: Device, estimate: int, new: int, of_this_period: int, regularisation: int, told: str
) -> None:
    estimated(device, estimate)
    found = line(read(device, new))
    assert (found["of_this_period"], found["regularisation"]) == (of_this_period, regularisation)
    assert (
        str(found["regularised"]).replace("\u00a0", " ") == f"du 05/01/2022 au 05/04/2022 : {told}"
    )


def test_every_period_billed_on_an_estimate_is_named(device: Device) -> None:
    estimated(device, 41_184, 42_700)
    found = line(read(device, 43_200, on=date(2022, 10, 5)))
    assert found["regularisation"] == -685
    assert str(found["regularised"]).replace("\u00a0", " ").split(" ; ") == [
        "du 05/01/2022 au 05/04/2022 : facturé 1 500, réel 1 159, régularisation -341",
        "du 05/04/2022 au 05/07/2022 : facturé 1 516, réel 1 172, régularisation -344",
    ]


def a_quiet_summer(device: Device) -> None:
    """The year before: 3,000 impressions up to April, 1,000 from there to July."""
    for day, value in ((5, 30_000), (95, 33_000), (186, 34_000)):
        a_reading(meter_of(device), date.fromordinal(date(2020, 12, 31).toordinal() + day), value)


def test_the_dealer_may_split_by_the_season_and_what_is_signed_stays(device: Device) -> None:
    a_quiet_summer(device)
    estimated(device, 41_184)
    campaign = read(device, 42_000)
    assert line(campaign)["regularisation"] == -348

    Dealer.objects.update(resplit=Dealer.Resplit.SEASON)
    by_season = line(campaign)
    assert (by_season["of_this_period"], by_season["regularisation"]) == (579, 237)
    assert "réparti selon la saison" in str(by_season["regularised"])

    before = basis_file.as_csv(signed(campaign)), basis_file.as_json(signed_one())
    Dealer.objects.update(resplit=Dealer.Resplit.DAYS, look_back_months=1)
    assert (basis_file.as_csv(signed_one()), basis_file.as_json(signed_one())) == before
    assert line(signed_one())["regularisation"] == 237


def signed_one() -> Campaign:
    return Campaign.objects.get(state="SIGNED")


def test_a_profile_may_name_the_detail_and_our_own_columns_stay_as_they_were(
    device: Device, settings: LazySettings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "detail.toml").write_text(
        'encoding = "cp1252"\ntotals = false\n[columns]\n"Détail" = "Détail de la régularisation"\n'
        '"Série" = "N° de série"\n'
    )
    estimated(device, 41_184)
    campaign = signed(read(device, 42_000))
    text = basis_file.as_csv(campaign, profile.named("detail")).decode("cp1252")
    assert "facturé 1\u00a0500, réel 1\u00a0152, régularisation -348;" in text and "?" not in text
    assert "Détail" not in basis_file.as_csv(campaign).decode("utf-8-sig")


def test_what_is_charged_of_longer_ago_than_the_dealer_looks_back_is_an_anomaly(
    device: Device,
) -> None:
    for month, year, value in ((4, 2022, 39_800), (10, 2022, 39_900), (4, 2023, 41_000)):
        a_billed_estimate(meter_of(device), date(year, month, 5), value)
    campaign = read(device, 47_000, on=date(2023, 7, 5))
    found = line(campaign)
    # 7 316 impressions in 546 days are 1 206 in the first 90; 116 were billed for them.
    assert _old(found) == "1\u00a0090 impressions à facturer de plus de 14 mois"
    Dealer.objects.update(look_back_months=24)
    assert _old(line(campaign)) == ""
    assert line(campaign)["regularisation"] == found["regularisation"], "no page is lost"


def _old(found: dict[str, object]) -> str:
    return next((one for one in str(found["anomaly"]).split(" ; ") if "mois" in one), "")


def dealer(*arguments: str) -> dict[str, object]:
    out = StringIO()
    call_command("dealer", *arguments, "--json", stdout=out)
    said: dict[str, object] = json.loads(out.getvalue())
    return said


def test_the_policies_of_the_dealer_are_set_like_its_name() -> None:
    assert dealer()["resplit"] == "DAYS"
    said = dealer("--resplit", "SEASON", "--estimates-in-a-row", "1", "--look-back-months", "12")
    names = ("resplit", "estimates_in_a_row", "read_every_days", "look_back_months")
    assert [said[name] for name in names] == ["SEASON", 1, 365, 12]
    assert Dealer.objects.here().estimates_in_a_row == 1


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "601"])
def test_a_policy_that_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(CommandError):
        dealer(f"--look-back-months={value}")
    assert not Dealer.objects.exists()
