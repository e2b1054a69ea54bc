"""`ask`, `retire`, `replace` and `declare --reason` as a script sees them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from releveur import clock
from releveur.campaigns.models import Campaign, DueReading
from releveur.fleet.models import Device, Installation
from releveur.readings.models import Reading
from tests.factories import (
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
)
from tests.test_commands import refused, releveur

pytestmark = pytest.mark.django_db

SERIAL = "3923656030"


@pytest.fixture(autouse=True)
def device() -> Device:
    clock.set(OPENED)
    a_dealer()
    a_contact(customer := a_customer())
    return a_device(customer, serial=SERIAL)


def test_asking_says_whom_until_when_and_in_which_campaign() -> None:
    answer = releveur("ask", SERIAL, "--why", "removal", "--before", "2022-04-20")

    assert (answer["kind"], answer["why"], answer["serial"]) == ("ONE_OFF", "removal", SERIAL)
    assert answer["to"] == ["alexandra@gramont-services.example"]
    assert answer["dates"]["closes_at"] == "2022-04-20T18:00:00+02:00"
    assert releveur("campaign_status", answer["campaign"])["devices"]["silent"] == 1
    assert releveur("resend", "CL001007")["mails"] == 1
    assert releveur("revoke", "CL001007")["revoked"] == 1
    refused("close_campaign", answer["campaign"])
    releveur("declare", SERIAL, "Noir=41200", "Couleur=92910")
    assert releveur("close_campaign", answer["campaign"])["state"] == "CLOSED"
    refused("resend", "CL001007")
    sentence, error = refused("sign_campaign", answer["campaign"], "--by", "Mme Roy")
    assert error.returncode == 1
    assert "prochaine campagne" in sentence["error"]


def test_what_cannot_be_asked_is_said_with_what_to_do() -> None:
    answer, error = refused("ask", SERIAL, "--why", "end", "--before", "2022-04-01")
    assert (error.returncode, "declare" in answer["error"]) == (1, True)
    releveur("ask", SERIAL, "--why", "end", "--before", "2022-04-20")
    answer, _error = refused("ask", SERIAL, "--why", "move", "--before", "2022-04-22")
    assert "20/04/2022" in answer["error"]
    refused("ask", "0000", "--why", "end", "--before", "2022-04-20")


def test_a_dry_run_asks_nobody() -> None:
    answer = releveur("ask", SERIAL, "--why", "end", "--before", "2022-04-20", "--dry-run")
    assert (answer["campaign"], answer["invitations"]) == (None, 1)
    assert not Campaign.objects.exists()


def test_the_period_is_served_before_a_request() -> None:
    spring = a_campaign()
    request = releveur("ask", SERIAL, "--why", "end", "--before", "2022-04-20")["campaign"]

    releveur("declare", SERIAL, "Noir=41200", "Couleur=92910")
    assert not spring.due_readings.unanswered().exists()
    assert DueReading.objects.filter(campaign=request).unanswered().count() == 2
    releveur("declare", SERIAL, "Noir=41300", "Couleur=92950")
    assert not DueReading.objects.unanswered().exists()
    assert spring.due_readings.filter(reading__value=41_200).exists()


def test_retiring_says_what_ended_and_what_it_showed() -> None:
    answer = releveur(
        "retire", SERIAL, "--on", "2022-04-04", "Noir=41 000", "Couleur=92000", "--confirm"
    )
    assert answer["readings"] == {"MONO": 41_000, "COLOR": 92_000}
    assert (answer["left_on"], answer["code"]) == ("2022-04-04", "CL001007")


def test_retiring_is_refused_in_sentences_and_tried_without_a_trace() -> None:
    answer, error = refused("retire", SERIAL, "--on", "2022-04-04", "Noir=39600")
    assert [one["code"] for one in answer["findings"]] == ["LOWER_THAN_LAST"]
    assert error.returncode == 1
    answer, _error = refused("retire", SERIAL, "--on", "2018-01-01")
    assert "07/01/2019" in answer["error"]
    releveur("retire", SERIAL, "--on", "2022-04-04", "--dry-run")
    assert Installation.objects.get().until is None
    assert Reading.objects.filter(occasion="REMOVAL").count() == 0


def test_replacing_says_both_devices() -> None:
    answer = releveur(
        "replace", SERIAL, "NEW", "--on", "2022-04-04", "--old", "Noir=41000", "Couleur=92000",
        "--new", "Noir=125", "Couleur=0", "--model", "Xerox VersaLink C7025", "--confirm",
    )  # fmt: skip
    assert answer["old"]["readings"] == {"MONO": 41_000, "COLOR": 92_000}
    assert answer["new"] == {
        "serial": "NEW", "made": True, "location": "Accueil", "readings": {"MONO": 125, "COLOR": 0},
    }  # fmt: skip


def test_replacing_names_the_device_that_is_in_the_way() -> None:
    a_device(a_customer(), serial="TAKEN")
    common = ("--on", "2022-04-04", "--new", "Noir=1", "Couleur=1")
    answer, _error = refused("replace", SERIAL, "TAKEN", *common)
    assert answer["error"].startswith("TAKEN")
    answer, _error = refused("replace", SERIAL, "UNKNOWN", *common)
    assert answer["error"].startswith("UNKNOWN")
    refused("replace", SERIAL, SERIAL, *common)


def test_a_rollover_is_refused_until_its_digits_are_said(tmp_path: Path) -> None:
    Device.objects.filter(serial=SERIAL).update(serial="OLD")
    a_device(a_customer(), serial=SERIAL, mono=612_000)
    a_campaign()
    photo = tmp_path / "screen.png"
    Image.new("L", (8, 8)).save(photo)
    declaring = ("declare", SERIAL, "Noir=350", "--reason", "rollover")
    answer, _error = refused(*declaring)
    assert answer["findings"][0]["demand"] == "PROOF"
    answer, _error = refused(*declaring, "--proof", photo)
    assert "--digits" in answer["error"]
    assert releveur(*declaring, "--proof", photo, "--digits", 6)["accepted"] is True


def test_a_rollover_that_was_to_be_expected_is_taken_at_her_word() -> None:
    Device.objects.filter(serial=SERIAL).update(serial="OLD")
    a_device(a_customer(), serial=SERIAL, mono=999_600, volumes={"mono": 250})
    a_campaign()
    answer, error = refused("declare", SERIAL, "Noir=350")
    assert [(one["code"], one["demand"]) for one in answer["findings"]] == [
        ("ROLLED_OVER", "CONFIRM")
    ]
    assert "999" in str(error)
    assert releveur("declare", SERIAL, "Noir=350", "--mend")["accepted"] is True
