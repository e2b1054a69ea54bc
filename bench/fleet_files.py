"""A fleet as an ERP exports it, of any size: seven devices a customer, two meters each, billed once."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

from bench.worlds import DAYS_A_PERIOD, DEVICES_A_CUSTOMER

HEADINGS = (
    "Code client", "Raison sociale", "Prénom", "Nom", "Email", "Niveau du contact", "Adresse", "Code postal", "Ville",
    "Emplacement", "Marque", "Modèle", "N° de série", "N° de parc", "Mode de relevé", "Date d'installation",
    "N° de contrat", "Périodicité (mois)", "Prochaine échéance", "Estimation autorisée",
    "Date du dernier relevé facturé", "Nature du dernier relevé", "Compteur Noir", "Compteur Couleur", "VMM Noir",
)  # fmt: skip


def write(path: Path, devices: int, *, due: date, moved_every: int = 0) -> Path:
    """Write the file.

    :param moved_every: one device of so many stands in another room than in the file without
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADINGS)
        for number in range(devices):
            moved = bool(moved_every) and number % moved_every == 0
            writer.writerow(_line(number, due=due, room="Réserve" if moved else "Bureau"))
    return path


def _line(number: int, *, due: date, room: str) -> list[str | int]:
    customer = number // DEVICES_A_CUSTOMER
    billed_on = due - timedelta(DAYS_A_PERIOD)
    return [
        f"CL{customer:06}", f"Client {customer}", "Alexandra", f"Martin {customer}",
        f"alexandra@client{customer}.example", "client", f"{customer} rue de Gramont", "75002", "Paris",
        f"{room} {number % 90}", "Xerox", f"B{7000 + number % 40}", f"S{number:09}", f"P-{number}", "mail",
        "07/01/2019", f"CT{customer:06}", 3, f"{due:%d/%m/%Y}", "oui", f"{billed_on:%d/%m/%Y}", "réel",
        20_000 + number % 977, 9_000 + number % 877, 500,
    ]  # fmt: skip
