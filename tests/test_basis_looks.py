"""The basis as the ERP wants it: workbooks and profiles, the same bytes for ever."""

from __future__ import annotations

import io
import time
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from openpyxl import load_workbook

from releveur.campaigns import basis_file, basis_workbook, profile, signing
from releveur.campaigns.models import Campaign, Invitation
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device, answers

pytestmark = pytest.mark.django_db

NAMES = ("", "facturation", "tabulation")
DOCS = Path(__file__).parent.parent / "docs" / "basis.md"


@pytest.fixture
def campaign() -> Campaign:
    a_dealer()
    a_contact(customer := a_customer(name="=SUM(1;2)"))
    device: Device = a_device(customer, serial="0039236560")
    campaign = a_campaign()
    answers(Invitation.objects.get(), device, mono=41_200, color=92_910, now=OPENED)
    return campaign


def signed(campaign: Campaign) -> Campaign:
    Campaign.objects.filter(pk=campaign.pk).update(state="CLOSED")
    signing.sign(campaign.pk, by="Mme Roy", now=OPENED + timedelta(days=30))
    campaign.refresh_from_db()
    return campaign


def first_row(content: bytes) -> Iterator[tuple[object, object, str]]:
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    for heading, cell in zip(sheet[1], sheet[2], strict=True):
        yield heading.value, cell.value, cell.data_type


@pytest.mark.parametrize("name", NAMES)
def test_after_the_signature_every_look_is_the_same_bytes(
    campaign: Campaign, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = profile.named(name)
    signed(campaign)
    before = (basis_file.as_csv(campaign, look), basis_workbook.as_xlsx(campaign, look))

    Customer.objects.update(name="Renommée")
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)

    assert (basis_file.as_csv(campaign, look), basis_workbook.as_xlsx(campaign, look)) == before


def test_a_workbook_has_days_and_numbers_and_no_formula(campaign: Campaign) -> None:
    row = {
        str(name): (value, kind)
        for name, value, kind in first_row(basis_workbook.as_xlsx(campaign))
    }

    assert list(row) == list(profile.COLUMNS.values())
    assert row["Raison sociale"] == ("=SUM(1;2)", "s")
    assert row["N° de série"] == ("0039236560", "s")
    assert row["Relevé"] == (41_200, "n")
    assert isinstance(row["Date du relevé"][0], datetime)
    assert row["Préfacturation"][0] == "PROVISOIRE"


def test_a_profile_chooses_columns_separator_decimals_and_days(campaign: Campaign) -> None:
    text = basis_file.as_csv(campaign, profile.named("facturation")).decode("cp1252")
    heading, first, *rest = text.splitlines()

    assert heading.startswith("Client;Contrat;Série;Compteur;Du;Ancien;Au;Nouveau")
    assert ";0039236560;Noir;05/01/2022;39684;" in first
    assert ";1516,00;" in first
    assert len(rest) == 1, "no totals"
    tabs = basis_file.as_csv(campaign, profile.named("tabulation")).decode()
    assert "\t2022-01-05\t39684\t" in tabs


def test_the_dealers_own_profile_wins(tmp_path: Path, settings: LazySettings) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "profiles").mkdir()
    own = tmp_path / "profiles" / "facturation.toml"
    own.write_text('[columns]\n"No" = "N° de série"\n', encoding="utf-8")

    assert profile.named("facturation").columns == {"serial": "No"}


@pytest.mark.parametrize(
    "text",
    ["", "x", '[columns]\n"No" = "Absent"', 'separator = "-"\n[columns]\n"No" = "N° de série"',
     'surprise = 1\n[columns]\n"No" = "N° de série"', "columns = 3"],
)  # fmt: skip
def test_a_profile_that_cannot_be_is_refused(
    tmp_path: Path, settings: LazySettings, text: str
) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.toml").write_text(text, encoding="utf-8")

    with pytest.raises(profile.ProfileMisread):
        profile.named("mine")


@pytest.mark.parametrize("name", ["absent", "../facturation", "/etc/passwd"])
def test_an_unknown_profile_names_those_there_are(name: str) -> None:
    with pytest.raises(profile.ProfileMisread, match="facturation, tabulation"):
        profile.named(name)


def test_every_profile_and_setting_is_documented() -> None:
    page = DOCS.read_text(encoding="utf-8")

    for path in profile.SHIPPED.glob("*.toml"):
        assert f"`{path.stem}`" in page
        assert set(tomllib.loads(path.read_text(encoding="utf-8"))) <= set(
            profile.Profile.__slots__
        )
    for setting in profile.Profile.__slots__:
        assert f"`{setting}`" in page
    for heading in profile.COLUMNS.values():
        assert heading in page
