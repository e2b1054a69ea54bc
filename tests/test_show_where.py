"""The dealer says where a model shows its counters; the customer reads it at the device."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from releveur import clock
from releveur.campaigns.models import Invitation
from releveur.fleet import describing
from releveur.fleet.models import Device, DeviceModel
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device
from tests.test_commands import refused, releveur
from tests.web.visiting import a_visitor, text

pytestmark = pytest.mark.django_db

STEPS = ["Appuyez sur « Compteur ».", "Lisez la ligne du haut."]


@pytest.fixture
def device() -> Device:
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer())
    return a_device(customer, model="Maison 1", mono=39_684)


def read(device: Device) -> str:
    a_campaign()
    visitor: Client = a_visitor(Invitation.objects.get())
    return text(visitor.get(f"/releves/materiel/{device.pk}/compteur"))


def test_what_the_dealer_says_is_what_the_customer_reads(device: Device) -> None:
    answer = releveur(
        "show_where", "xerox  MAISON 1", "--step", STEPS[0], "--step", STEPS[1],
        "--label", "Noir=Total N/B",
    )  # fmt: skip
    assert (answer["model"], answer["ours"], answer["steps"]["fr"]) == (
        "Xerox Maison 1",
        True,
        STEPS,
    )
    assert answer["labels"]["fr"]["MONO"] == "Total N/B"
    seen = read(device)
    assert all(said in seen for said in (*STEPS, "Total N/B"))


def test_steps_come_from_a_file_too_and_labels_stay(device: Device, tmp_path: Path) -> None:
    file = tmp_path / "steps.txt"
    file.write_text("\ufeff" + "\n\n".join(STEPS) + "\n", encoding="utf-8")
    releveur("show_where", "Xerox Maison 1", "--label", "Noir=Total N/B")
    releveur("show_where", "Xerox Maison 1", "--file", file)
    model = DeviceModel.objects.get()
    assert (model.shown_where.splitlines(), model.labels) == (STEPS, {"MONO": "Total N/B"})


def test_a_label_alone_keeps_the_steps_of_the_makers_guide(device: Device) -> None:
    seed = a_device(a_customer(), model="7855V_F")
    before = releveur("show_where", str(seed.model))
    after = releveur("show_where", str(seed.model), "--label", "Noir=Total N/B")
    assert before["steps"] == after["steps"] != {}
    assert after["labels"]["fr"]["MONO"] == "Total N/B"
    assert releveur("show_where", str(seed.model), "--forget") == before


def test_all_models_are_listed_and_a_dry_run_writes_nothing(device: Device) -> None:
    releveur("show_where", "Xerox Maison 1", "--step", STEPS[0], "--dry-run")
    [listed] = releveur("show_where")["models"]
    assert (listed["model"], listed["ours"]) == ("Xerox Maison 1", False)


@pytest.mark.parametrize(
    "typed",
    [
        ["Xerox Inconnu"],
        ["Xerox Maison 1", "--label", "Vert=x"],
        ["Xerox Maison 1", "--label", "Noir"],
        ["Xerox Maison 1", "--file", "nowhere.txt"],
        ["Xerox Maison 1", "--step", "x" * (describing.LONGEST + 1)],
        ["Xerox Maison 1", *["--step", "x"] * (describing.MOST_STEPS + 1)],
        ["Xerox Maison 1", "--forget", "--step", "x"],
        ["--step", "x"],
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(device: Device, typed: list[str]) -> None:
    answer, error = refused("show_where", *typed)
    assert answer["error"] and error.returncode == 1
    model = DeviceModel.objects.get()
    assert (model.shown_where, model.labels) == ("", {})
