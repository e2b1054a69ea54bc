"""Everything, readable without us: read back with the csv module and compared with the database."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.models import Sum

from releveur.campaigns.models import Invitation
from releveur.customers.models import Customer
from releveur.ops import exporting
from releveur.outbox.models import Mail
from releveur.readings.models import Proof, Reading
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    a_proof,
    answers,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lived() -> None:
    """A campaign with an answer, a photo, and a customer whose name is a formula."""
    a_dealer()
    a_contact(customer := a_customer(name='=HYPERLINK("http://x.example")'))
    device = a_device(customer, serial="39/23:65", mono=39_684)
    a_campaign()
    answers(Invitation.objects.get(), device, mono=39_600, proof=a_proof(), now=OPENED)


def exported(target: Path) -> dict[str, Any]:
    out = io.StringIO()
    call_command("export_all", str(target), "--json", stdout=out, stderr=io.StringIO())
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


def rows(target: Path, table: str) -> list[dict[str, str]]:
    with (target / "tables" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_table_comes_back_with_all_its_rows_and_sums(lived: None, tmp_path: Path) -> None:
    said = exported(tmp_path / "all")
    for table, count in said["rows"].items():
        with connection.cursor() as cursor:
            cursor.execute(f"select count(*) from {connection.ops.quote_name(table)}")
            assert cursor.fetchone() == (count,), table
        assert len(rows(tmp_path / "all", table)) == count
    total = Reading.objects.aggregate(total=Sum("value"))["total"]
    assert sum(int(row["value"]) for row in rows(tmp_path / "all", "readings_reading")) == total


def test_no_table_of_ours_is_forgotten(lived: None, tmp_path: Path) -> None:
    ours = {
        model._meta.db_table  # noqa: SLF001  # documented
        for model in apps.get_models()
        if model.__module__.startswith("releveur.")
    }
    assert set(exported(tmp_path / "all")["rows"]) == ours - exporting.OURS_ALONE


def test_nothing_runs_when_a_spreadsheet_opens_it(lived: None, tmp_path: Path) -> None:
    exported(tmp_path / "all")
    [customer] = rows(tmp_path / "all", "customers_customer")
    assert customer["name"] == "'" + Customer.objects.get().name


def test_photos_and_mails_are_files_with_names_one_can_follow(lived: None, tmp_path: Path) -> None:
    said = exported(tmp_path / "all")
    [photo] = (tmp_path / "all" / "photos").rglob("*.jpg")
    assert photo.parent.name == "39_23_65" and photo.name.startswith("2022-04-05_MONO_")
    with Proof.objects.get().file.open() as kept:
        assert photo.read_bytes() == kept.read()
    assert (
        said["mails"]
        == Mail.objects.count()
        == len(list((tmp_path / "all" / "mails").glob("*.txt")))
    )
    assert "password" not in (tmp_path / "all" / "tables" / "accounts_user.csv").read_text()


def test_the_readme_explains_each_file_in_both_languages(lived: None, tmp_path: Path) -> None:
    said = exported(tmp_path / "all")
    text = (tmp_path / "all" / "README.txt").read_text()
    for table in said["rows"]:
        assert text.count(f"tables/{table}.csv") == 2, table


def test_a_zip_holds_the_same_and_nothing_is_written_over(lived: None, tmp_path: Path) -> None:
    exported(tmp_path / "folder")
    exported(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        folder = tmp_path / "folder"
        assert {*archive.namelist()} == {
            str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
        }
        for name in archive.namelist():
            assert archive.read(name) == (folder / name).read_bytes()
    with pytest.raises(CommandError):
        exported(tmp_path / "all.zip")
