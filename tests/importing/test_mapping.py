"""Exports under their own headings, read by a mapping kept under a name."""

from __future__ import annotations

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import CommandError

from releveur.fleet.models import Device
from releveur.importing import fleet, history, mapping
from releveur.readings.models import Billed, Reading
from tests.importing.files import NOW, a_file, a_row, accepted

PAGE = Path(__file__).parent.parent.parent / "docs" / "imports.md"
ARTIS = (
    "Code client;Raison sociale;Nom du site d'installation actuel;Adresse du site d'installation"
    " actuel;CP du site d'installation actuel;Ville du site d'installation actuel;Localisation;Modèle;"
    "N° Série;Date installation Client;N° SSC ARTIS;Date prochaine facture théorique;N° Facture;"
    "Unité de ventilation;Compteur Facturé;Date du compteur;Type du relevé facturé;"
    "Dernier Compteur Facturé;Date du compteur;Type de relevé"
)
PLACE = "CL001007;Gramont;Siège;30 rue de Gramont;75002;Paris;Accueil;7855V_F;3923656030;07/01/2019"
BILLED = ("Noir;39684;05/01/2022;Relevé client", "Couleur;89675;05/01/2022;Relevé client")


def an_export(folder: Path, *billed: str, above: str = "") -> Path:
    path = folder / "suivi.csv"
    rows = [f"{PLACE};SSC-1007;05/04/2022;F1;{one};38000;05/10/2021;Réel" for one in billed]
    path.write_text(above + "\n".join([ARTIS, *rows]) + "\n", encoding="cp1252")
    return path


@pytest.mark.django_db
class TestShipped:
    def test_a_fleet_by_meter_in_the_manner_of_artis(self, tmp_path: Path) -> None:
        by = mapping.named("artis_par_compteur")
        report = fleet.import_fleet(an_export(tmp_path, *BILLED), by=by, now=NOW)

        assert (report.errors, report.warnings) == ([], [])
        assert Device.objects.get().coverages.get().contract.months == 3
        billed = Billed.objects.values_list("meter__kind__code", "value", "taken_on")
        assert set(billed) == {
            ("MONO", 39_684, date(2022, 1, 5)),
            ("COLOR", 89_675, date(2022, 1, 5)),
        }

    def test_readings_by_device(self, tmp_path: Path) -> None:
        accepted(a_file(tmp_path, a_row()))
        path = tmp_path / "collecte.csv"
        path.write_text(
            "Matricule;Date relevé;Compteur NB;Compteur CO\n3923656030;05/10/2021;38184;86525\n"
        )

        report = history.import_readings(path, by=mapping.named("par_materiel"), now=NOW)

        assert report.errors == []
        found = Reading.objects.filter(taken_on=date(2021, 10, 5))
        assert set(found.values_list("value", "source")) == {(38_184, "AGENT"), (86_525, "AGENT")}

    def test_errors_name_the_headings_of_the_file(self, tmp_path: Path) -> None:
        path = an_export(tmp_path, "Noir;39 6x4;05/01/2022;Relevé client")
        report = fleet.import_fleet(path, by=mapping.named("artis_par_compteur"), now=NOW)

        assert [(one.line, one.column) for one in report.errors] == [(2, "Compteur Facturé")]

    def test_a_heading_that_is_missing_is_named(self, tmp_path: Path) -> None:
        by = mapping.named("artis_par_compteur")
        report = fleet.import_fleet(a_file(tmp_path, a_row()), by=by, now=NOW)

        assert "N° SSC ARTIS" in report.errors[0].message


@pytest.mark.django_db
def test_the_dealers_own_mapping_wins_and_skips_the_lines_above(
    tmp_path: Path, settings: LazySettings
) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "mappings").mkdir()
    shipped = (mapping.SHIPPED / "artis_par_compteur.toml").read_text(encoding="utf-8")
    own = tmp_path / "mappings" / "artis_par_compteur.toml"
    own.write_text(shipped.replace("skip = 0", "skip = 2"), encoding="utf-8")
    path = an_export(tmp_path, *BILLED, above="Suivi, tous clients, 2022\n\n")

    call_command(
        "import_fleet", str(path), "--mapping", "artis_par_compteur",
        stdout=StringIO(), stderr=StringIO(),
    )  # fmt: skip

    assert Device.objects.get().serial == "3923656030"


@pytest.mark.parametrize(
    "text", ["x", "skip = -1", 'columns = "x"', "[columns]\nA = 3", "surprise = 1"]
)
def test_a_mapping_that_cannot_be_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)

    with pytest.raises(mapping.MappingMisread):
        mapping.named(str(path))


@pytest.mark.django_db
def test_an_unknown_mapping_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="artis_par_compteur"):
        call_command("import_fleet", "parc.csv", "--mapping", "absent", stdout=StringIO())


def test_every_shipped_mapping_is_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")

    for path in mapping.SHIPPED.glob("*.toml"):
        assert f"`{path.stem}`" in page
