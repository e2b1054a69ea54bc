"""An import of the fleet that dies in the middle, by a crash, a power cut or somebody's hand, leaves
nothing behind; run again it imports everything, and nothing twice.

A process imports 20,000 devices and gets SIGKILL after devices and meters are written, 60 % of the way;
another one then imports the same file to its end. (That the same file once more changes nothing is in
`tests/test_import_fleet.py`.)

Without `transaction.atomic()` in `importing/fleet.py: import_fleet`, customers and devices without
contract or last reading stay behind the kill.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from releveur.contracts.models import Coverage
from releveur.customers.models import Contact, Customer
from releveur.fleet.models import Device, Installation, Meter
from releveur.readings.models import Billed, Reading
from tests.faults.processes import releveur, started
from tests.importing.files import SEED

pytestmark = pytest.mark.django_db(transaction=True)

DEVICES = 20_000
PER_CUSTOMER = 10


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    file = tmp_path / "parc.csv"
    with file.open("w", newline="") as out:
        rows = csv.DictWriter(out, fieldnames=list(a_row(0)), delimiter=";")
        rows.writeheader()
        rows.writerows(a_row(number) for number in range(DEVICES))
    return file


def a_row(number: int) -> dict[str, str]:
    customer = number // PER_CUSTOMER
    mono = {name: text for name, text in SEED.items() if name != "Compteur Couleur"}
    return mono | {
        "Code client": f"CL{customer:06}",
        "Raison sociale": f"Client {customer}",
        "Email": f"contact{customer}@client.example",
        "N° de série": f"39{number:08}",
        "N° de parc": f"P-{number:05}",
        "N° de contrat": f"SSC-{customer:06}",
    }


def counted() -> dict[str, int]:
    return {
        "Customer": Customer.objects.count(),
        "Contact": Contact.objects.count(),
        "Device": Device.objects.count(),
        "Meter": Meter.objects.count(),
        "Installation": Installation.objects.count(),
        "Coverage": Coverage.objects.count(),
        "Reading": Reading.objects.count(),
        "Billed": Billed.objects.count(),
    }


def test_an_import_killed_leaves_nothing_and_a_second_one_creates_nothing_twice(
    fleet: Path,
) -> None:
    command = releveur("import_fleet", fleet, "--json")
    with started(*command) as killed:
        killed.says("matériels et compteurs écrits")
        killed.kill()
    assert set(counted().values()) == {0}

    with started(*command) as again:
        assert again.ends() == 0, again.said
    customers = DEVICES // PER_CUSTOMER
    people = {"Customer": customers, "Contact": customers}
    per_device = ("Device", "Meter", "Installation", "Coverage", "Reading", "Billed")
    assert counted() == people | dict.fromkeys(per_device, DEVICES)
