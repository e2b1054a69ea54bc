"""Files as dealers send them, the seed's own device unless a test says otherwise; and their import."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from releveur.importing import fleet
from releveur.importing.report import Remark, Report
from releveur.rules.schedule import PARIS

NOW = datetime(2022, 4, 4, 9, 0, tzinfo=PARIS)
SAMPLES = Path(__file__).parent

SEED: Mapping[str, str] = {
    "Code client": "CL001007",
    "Raison sociale": "Gramont Services",
    "Prénom": "Alexandra",
    "Nom": "Martin",
    "Service du contact": "Comptabilité Fournisseurs",
    "Email": "alexandra@gramont-services.example",
    "Niveau du contact": "client",
    "Adresse": "30 rue de Gramont",
    "Code postal": "75002",
    "Ville": "Paris",
    "Emplacement": "Accueil",
    "Marque": "Xerox",
    "Modèle": "7855V_F",
    "N° de série": "3923656030",
    "N° de parc": "P-0001",
    "Mode de relevé": "mail",
    "Date d'installation": "07/01/2019",
    "N° de contrat": "SSC-1007",
    "Périodicité (mois)": "3",
    "Prochaine échéance": "05/04/2022",
    "Estimation autorisée": "oui",
    "Date du dernier relevé facturé": "05/01/2022",
    "Nature du dernier relevé": "réel",
    "Compteur Noir": "39684",
    "Compteur Couleur": "89675",
    "VMM Noir": "500",
}


def a_row(**changes: str) -> dict[str, str]:
    """The seed's row, changed by short names: `serial`, `site`, `contract`, ..."""
    return dict(SEED) | {SHORT[name]: text for name, text in changes.items()}


SHORT = {
    "code": "Code client",
    "name": "Raison sociale",
    "first_name": "Prénom",
    "last_name": "Nom",
    "email": "Email",
    "phone": "Téléphone",
    "level": "Niveau du contact",
    "site": "Site",
    "address": "Adresse",
    "postal_code": "Code postal",
    "location": "Emplacement",
    "model": "Modèle",
    "serial": "N° de série",
    "mode": "Mode de relevé",
    "installed": "Date d'installation",
    "removed": "Date de retrait",
    "loan": "Prêt",
    "contract": "N° de contrat",
    "months": "Périodicité (mois)",
    "next_due": "Prochaine échéance",
    "estimation": "Estimation autorisée",
    "billed_on": "Date du dernier relevé facturé",
    "nature": "Nature du dernier relevé",
    "mono": "Compteur Noir",
    "colour": "Compteur Couleur",
    "mono_volume": "VMM Noir",
}


def a_file(
    folder: Path,
    *rows: Mapping[str, str],
    name: str = "parc.csv",
    separator: str = ";",
    encoding: str = "utf-8",
) -> Path:
    """Write rows under all the headings they use."""
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    path = folder / name
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(headings)
        writer.writerows([row.get(heading, "") for heading in headings] for row in rows)
    return path


def a_large_fleet(path: Path, *, devices: int) -> Path:
    """A fleet of any size: 25 devices a customer on 2 sites, mono and colour, all billed once."""
    headings = list(SEED)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(headings)
        for number in range(devices):
            writer.writerow([_of_a_large_fleet(number)[heading] for heading in headings])
    return path


def _of_a_large_fleet(number: int) -> dict[str, str]:
    customer = number // 25
    return a_row(
        code=f"CL{customer:06}",
        name=f"Client {customer}",
        email=f"contact{customer}@client.example",
        address=f"{number % 2 + 1} rue du Client {customer}",
        location=f"Étage {number % 25}",
        model=f"Modèle {number % 40}",
        serial=f"S{number:09}",
        contract=f"C{customer:06}",
        mono=str(10_000 + number),
        colour=str(2_000 + number),
    )


def imported(path: Path, *, retire_missing: bool = False) -> Report:
    return fleet.import_fleet(path, retire_missing=retire_missing, now=NOW)


def accepted(path: Path, *, retire_missing: bool = False) -> Report:
    report = imported(path, retire_missing=retire_missing)
    assert report.errors == []
    return report


def counts(report: Report) -> dict[str, tuple[int, int, int]]:
    return {
        name: (count.created, count.updated, count.unchanged)
        for name, count in report.counts.items()
    }


def sentences(remarks: Iterable[Remark]) -> str:
    return "\n".join(map(str, remarks))
