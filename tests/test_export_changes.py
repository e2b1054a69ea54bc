"""What was changed here since the ERP said it last, and has to be typed there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from openpyxl import load_workbook

from releveur.contracts.models import Contract, Coverage
from releveur.customers.models import Contact, Customer, Site
from releveur.fleet.models import Device, DeviceModel, Installation, Meter, Respondent
from releveur.importing import fleet
from tests.importing.files import NOW, a_file, a_large_fleet, a_row, accepted

pytestmark = pytest.mark.django_db


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("export_changes", *arguments, stdout=out)
    return out.getvalue()


def changes(*arguments: str) -> dict[tuple[str, str, str], tuple[object, object]]:
    found = json.loads(printed("--json", *arguments))["changes"]
    return {(one["table"], one["key"], one["heading"]): (one["erp"], one["here"]) for one in found}


def test_nothing_is_listed_after_an_import(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row(), a_row(serial="B2", contract="", next_due="10/05/2022")))

    assert changes() == {}


def test_nothing_is_listed_of_what_no_file_ever_named() -> None:
    customer = Customer.objects.create(code="CL9", name="Dupont")
    contact = Contact.objects.create(last_name="Dupont", phone="01")
    Respondent.objects.create(contact=contact, customer=customer)

    assert changes() == {}


def test_each_value_stands_under_its_heading_as_the_erp_writes_it(tmp_path: Path) -> None:
    row = a_row() | {"Copie à": "compta@gramont.example", "VMM Couleur": "800"}
    accepted(a_file(tmp_path, row))
    Customer.objects.update(name="Gramont SA")
    Site.objects.update(postal_code="75003")
    Contact.objects.update(copy_to="", quiet_until=date(2022, 6, 15), phone="01 42 96 00 00")
    Device.objects.update(
        mode=Device.Mode.PHONE, model=DeviceModel.objects.create(maker="Xerox", name="C8170")
    )
    Meter.objects.filter(kind__code="MONO").update(monthly_volume=900)
    Meter.objects.filter(kind__code="COLOR").update(monthly_volume=None)
    Contract.objects.update(estimation_allowed=False, months=6)
    Installation.objects.update(location="Sous-sol")

    assert changes() == {
        ("customers", "CL001007", "Raison sociale"): ("Gramont Services", "Gramont SA"),
        ("sites", "30 rue de Gramont", "Code postal"): ("75002", "75003"),
        ("installations", "3923656030", "Emplacement"): ("Accueil", "Sous-sol"),
        ("contacts", "alexandra@gramont-services.example", "Copie à"): (
            "compta@gramont.example", "",
        ),
        ("contacts", "alexandra@gramont-services.example", "Ne pas relancer jusqu'au"): (
            "", "2022-06-15",
        ),
        ("contacts", "alexandra@gramont-services.example", "Téléphone"): ("", "01 42 96 00 00"),
        ("devices", "3923656030", "Mode de relevé"): ("mail", "téléphone"),
        ("devices", "3923656030", "Modèle"): ("7855V_F", "C8170"),
        ("meters", "3923656030", "VMM Noir"): (500, 900),
        ("meters", "3923656030", "VMM Couleur"): (800, ""),
        ("contracts", "SSC-1007", "Estimation autorisée"): ("oui", "non"),
        ("contracts", "SSC-1007", "Périodicité (mois)"): (3, 6),
    }  # fmt: skip


def test_what_the_file_said_last_is_the_value_of_the_erp(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    Installation.objects.update(location="Sous-sol")
    accepted(a_file(tmp_path, a_row(location="2e étage")))

    assert list(changes().values()) == [("2e étage", "Sous-sol")]


def test_ours_preferred_is_still_to_be_typed_there(tmp_path: Path) -> None:
    accepted(path := a_file(tmp_path, a_row()))
    Installation.objects.update(location="Sous-sol")
    fleet.import_fleet(path, prefer="ours", now=NOW)
    assert len(changes()) == 1

    fleet.import_fleet(path, prefer="file", now=NOW)
    assert changes() == {}


def test_a_device_moved_here_and_one_that_left(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row(), a_row(serial="B2")))
    first, second = Installation.objects.order_by("device__serial")
    first.until = second.until = date(2022, 3, 1)
    first.save()
    second.save()
    annex = Site.objects.create(customer=Customer.objects.get(), name="Annexe")
    Installation.objects.create(
        device=first.device, site=annex, since=date(2022, 3, 1), location="Accueil"
    )

    assert changes() == {
        ("installations", "3923656030", "Site"): ("30 rue de Gramont, 75002 Paris", "Annexe"),
        ("installations", "3923656030", "Date d'installation"): ("2019-01-07", "2022-03-01"),
        ("installations", "B2", "Date de retrait"): ("", "2022-03-01"),
    }


def test_what_the_erp_itself_moved_ended_or_retired_is_not_listed(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row(), a_row(serial="B2"), a_row(serial="C3"), a_row(serial="D4")))
    later = a_file(
        tmp_path,
        a_row(site="Annexe", installed="01/03/2022"),
        a_row(serial="B2", removed="01/03/2022"),
        a_row(serial="C3", contract="SSC-2000"),
    )
    accepted(later, retire_missing=True)

    assert Installation.objects.filter(until=None).count() == 2
    assert changes() == {}


def test_a_device_that_went_back_where_the_file_has_it_is_not_listed(tmp_path: Path) -> None:
    accepted(path := a_file(tmp_path, a_row()))
    stay = Installation.objects.get()
    stay.until = date(2022, 3, 1)
    stay.save()
    annex = Site.objects.create(customer=Customer.objects.get(), name="Annexe")
    Installation.objects.create(device=stay.device, site=annex, since=date(2022, 3, 1))
    fleet.import_fleet(path, prefer="file", now=NOW)

    assert changes() == {}


def test_another_contract(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    Coverage.objects.update(
        contract=Contract.objects.create(customer=Customer.objects.get(), number="SSC-9")
    )

    assert changes() == {("installations", "3923656030", "N° de contrat"): ("SSC-1007", "SSC-9")}


def test_a_person_who_answers_here_and_is_not_in_the_erp(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    hugo = Contact.objects.create(
        first_name="Hugo", email="hugo@gramont.example", address_key="hugo@gramont.example"
    )
    Respondent.objects.create(contact=hugo, customer=Customer.objects.get())

    assert changes() == {
        ("contacts", "hugo@gramont.example", "Niveau du contact"): ("", "client"),
        ("contacts", "hugo@gramont.example", "Prénom"): ("", "Hugo"),
        ("contacts", "hugo@gramont.example", "Email"): ("", "hugo@gramont.example"),
        ("contacts", "hugo@gramont.example", "Langue"): ("", "fr"),
    }


def test_since_leaves_out_what_an_import_met_before(tmp_path: Path) -> None:
    accepted(path := a_file(tmp_path, a_row()))
    Installation.objects.update(location="Sous-sol")
    fleet.import_fleet(path, now=NOW)
    Customer.objects.update(name="Gramont SA")
    tomorrow = str(NOW.date() + timedelta(days=1))

    assert len(changes("--since", str(NOW.date()))) == 2
    assert [key[0] for key in changes("--since", tomorrow)] == ["customers"]
    Installation.objects.update(location="Grenier")
    assert len(changes("--since", tomorrow)) == 2, "changed again"
    fleet.import_fleet(path, now=NOW + timedelta(days=1))
    assert len(changes("--since", tomorrow)) == 2


def test_the_headings_of_a_mapping_are_named(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    Installation.objects.update(location="Sous-sol")
    mapping = tmp_path / "erp.toml"
    mapping.write_text('[columns]\n"Lieu précis" = "Localisation"\n', encoding="utf-8")

    assert [key[2] for key in changes("--mapping", str(mapping))] == ["Lieu précis"]


def test_a_person_reads_csv_whose_cells_are_no_formulas(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row()))
    Installation.objects.update(location="=1+1")
    [headings, row] = csv.reader(io.StringIO(printed()), delimiter=";")

    assert headings[-2:] == ["Valeur dans l’ERP", "Valeur ici"]
    assert row == [
        "installations", "CL001007", "3923656030", "Emplacement", "Accueil", "'=1+1",
    ]  # fmt: skip


def test_a_workbook_has_typed_cells(tmp_path: Path) -> None:
    accepted(a_file(tmp_path, a_row() | {"Début de contrat": "01/01/2020"}))
    Installation.objects.update(location="=1+1")
    Meter.objects.filter(kind__code="MONO").update(monthly_volume=900)
    Contract.objects.update(since=date(2020, 2, 1))
    out = tmp_path / "a_saisir.xlsx"
    said = printed("--format", "xlsx", "--output", str(out))
    assert "3" in said and out.name in said

    rows = list(load_workbook(out).worksheets[0].iter_rows(min_row=2))
    told: Mapping[str, object] = {str(row[3].value): row[5].value for row in rows}
    assert told == {
        "Emplacement": "=1+1",
        "VMM Noir": 900,
        "Début de contrat": datetime(2020, 2, 1),
    }
    assert [row[5].data_type for row in rows] == ["s", "n", "d"]


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    out = tmp_path / "a_saisir.csv"
    out.write_text("mine")
    for arguments in (("--output", str(out)), ("--format", "xlsx")):
        with pytest.raises(CommandError) as refusal:
            printed(*arguments)
        assert refusal.value.returncode == 1
    assert out.read_text() == "mine"


def test_a_large_fleet_takes_a_bounded_number_of_queries(
    tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    accepted(a_large_fleet(tmp_path / "parc.csv", devices=500))
    Installation.objects.update(location="Sous-sol")

    with django_assert_max_num_queries(12):
        assert len(changes()) == 500
