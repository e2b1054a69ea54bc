"""The basis as the ERP wants it: workbooks and profiles, the same bytes for ever."""

from __future__ import annotations

import csv
import io
import time
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from releveur.campaigns import basis, basis_file, basis_workbook, profile, signing
from releveur.campaigns.basis_cells import DATES, NUMBERS, VOLUMES, Printed, Texts
from releveur.campaigns.models import Campaign, Invitation
from releveur.campaigns.profile import Profile
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from releveur.importing.formulas import BEGINS, neutral
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


def test_whatever_a_text_looks_like_a_workbook_has_it_as_text(campaign: Campaign) -> None:
    for text in ("=1+1", "=", "#N/A", "#DIV/0!", "+1", "2022-01-05", "12", "a\x07b"):
        Customer.objects.update(name=text)
        row = {name: cell for name, *cell in first_row(basis_workbook.as_xlsx(campaign))}
        assert row["Raison sociale"] == [text.replace("\x07", ""), "s"]


def test_a_profile_chooses_columns_separator_decimals_and_days(campaign: Campaign) -> None:
    text = basis_file.as_csv(campaign, profile.named("facturation")).decode("cp1252")
    heading, first, *rest = text.splitlines()

    assert heading.startswith("Client;Contrat;Série;Compteur;Du;Ancien;Au;Nouveau")
    assert ";0039236560;Noir;05/01/2022;39684;" in first
    assert ";1516,00;" in first
    assert len(rest) == 1, "no totals"
    tabs = basis_file.as_csv(campaign, profile.named("tabulation")).decode()
    assert "\t2022-01-05\t39684\t" in tabs


def test_signed_or_not_yet_the_lines_look_the_same(campaign: Campaign) -> None:
    before = basis_file.as_csv(campaign).decode("utf-8-sig")
    after = basis_file.as_csv(signed(campaign)).decode("utf-8-sig")

    assert before.replace("PROVISOIRE", "") == after.replace(
        "validée le 05/05/2022 par Mme Roy", ""
    )
    assert "TOTAL" in after and before.count("\r\n") == after.count("\r\n") == 6


def test_every_column_of_a_line_is_a_day_a_number_or_a_text(campaign: Campaign) -> None:
    for line in basis.compute(campaign):
        printed = basis.printed(line)
        assert set(profile.COLUMNS) - printed.keys() == {"state"}
        for key, value in printed.items():
            assert isinstance(value, int) == (key in NUMBERS + VOLUMES), key
            assert key not in DATES or date.fromisoformat(str(value))


TEXTS = st.text(st.sampled_from(["a", "é", "0", " ", ";", "\t", ",", "|", '"', "\\", ".", "€", "œ", "Ж", *BEGINS])) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0")
)  # fmt: skip
DAYS = st.dates(date(1990, 1, 1), date(2099, 12, 31)).map(str)


def lines_of(columns: Sequence[str]) -> st.SearchStrategy[dict[str, str | int | None]]:
    """Lines with anything in them that a line may hold, or without it."""
    volumes = {key: st.integers(-(2**40), 2**40) for key in VOLUMES}
    days = {key: DAYS | st.none() for key in DATES}
    others = {key: st.integers(0, 2**40) | st.none() for key in NUMBERS} | days
    texts = {key: TEXTS | st.none() for key in columns if key not in {*volumes, *others, "meter"}}
    return st.fixed_dictionaries({"meter": TEXTS, **volumes, **others}, optional=texts)


@st.composite
def looks(draw: st.DrawFn) -> Profile:
    keys = draw(st.lists(st.sampled_from(list(profile.COLUMNS)), min_size=2, unique=True))
    return Profile(
        {key: profile.COLUMNS[key] for key in keys},
        encoding=draw(st.sampled_from(profile.ENCODINGS)),
        separator=draw(st.sampled_from(profile.SEPARATORS)),
        decimal_sign=draw(st.sampled_from((",", "."))),
        decimals=draw(st.integers(0, 4)),
        date_format=draw(st.sampled_from(("%d/%m/%Y", "%Y-%m-%d", "%-d.%-m.%y", "%A %j; %d"))),
    )


@hypothesis_settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.data())
def test_the_database_writes_what_the_csv_module_would(db: None, data: st.DataObject) -> None:
    look = data.draw(looks())
    lines = data.draw(st.lists(lines_of(list(look.columns)), max_size=5))

    texts = Texts(look, state="=validée", dated=lines)

    assert "".join(texts.given(lines)) == by_the_module(lines, look)


def test_a_line_of_one_empty_cell_is_a_line(db: None) -> None:
    look = Profile({"anomaly": "Anomalie"})
    lines: list[Printed] = [{"anomaly": ""}, {"anomaly": None}, {"anomaly": "=1"}]

    text = "".join(Texts(look, state="", dated=()).given(lines))
    assert text == '""\r\n""\r\n\'=1\r\n'


def by_the_module(lines: Sequence[Printed], look: Profile) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=look.separator, lineterminator="\r\n")
    for line in lines:
        told = {"state": "=validée"} | {
            key: value for key, value in line.items() if value is not None
        }
        writer.writerow([cell(key, told.get(key, ""), look) for key in look.columns])
    return out.getvalue()


def cell(key: str, value: str | int | None, look: Profile) -> str | int:
    if isinstance(value, int):
        decimals = look.decimals if key in VOLUMES else 0
        return f"{value}{look.decimal_sign}{'0' * decimals}" if decimals else value
    if key in DATES and value:
        return f"{date.fromisoformat(value):{look.date_format}}"
    return neutral(value or "")


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
