"""The dealer's commands as a script sees them: JSON on stdout, exit codes, dry runs, the test clock."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from releveur import clock
from releveur.campaigns.models import Campaign, DueReading, Invitation, Notice
from releveur.customers.models import Customer
from releveur.fleet.models import Device
from tests.factories import (
    OPENED,
    a_campaign,
    a_customer,
    a_device,
    answers,
    the_mails_leave,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_tuesday_of_the_seed() -> None:
    clock.set(OPENED)


@pytest.fixture
def device(customer: Customer) -> Device:
    return a_device(customer, serial="3923656030", volumes={"mono": 500, "color": 1_050})


def releveur(*arguments: object) -> dict[str, Any]:
    """Run a command with --json and read its answer."""
    out = StringIO()
    call_command(str(arguments[0]), *map(str, arguments[1:]), "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def refused(*arguments: object) -> tuple[dict[str, Any], CommandError]:
    """Run a command that is refused: its JSON and the error that ends it."""
    out = StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command(str(arguments[0]), *map(str, arguments[1:]), "--json", stdout=out)
    return json.loads(out.getvalue()), refusal.value


def test_opening_says_dates_devices_mails_and_tasks(device: Device) -> None:
    answer = releveur("open_campaign", "--due-until", "2022-04-05", "--label", "Avril")

    assert answer["state"] == "OPEN"
    assert answer["dates"] == {
        "reminder_1": "2022-04-12T10:00:00+02:00",
        "reminder_2": "2022-04-19T10:00:00+02:00",
        "reminder_3": "2022-04-26T10:00:00+02:00",
        "closes_at": "2022-04-28T18:00:00+02:00",
        "paused_at": None,
    }
    assert answer["devices"] == {
        "due": 1, "declared": 0, "partial": 0,
        "reported": 0, "silent": 1, "estimated": 0, "automatic": 0,
        "already_read": 0, "unasked": 0, "blocked": 0,
    }  # fmt: skip
    assert answer["mails"] == {
        "owed": 1, "minutes_left": None, "sent": 0, "withheld": 0, "failed": 0, "bounced": 0
    }  # fmt: skip
    assert (answer["invitations"], answer["nobody_to_ask"], answer["tasks"]) == (1, [], [])


def test_a_dry_run_says_the_same_and_writes_nothing(device: Device) -> None:
    tried = releveur("open_campaign", "--due-until", "2022-04-05", "--dry-run")

    assert not Campaign.objects.exists()
    done = releveur("open_campaign", "--due-until", "2022-04-05")
    assert {**done, "campaign": None} == tried


def test_a_pilot_file_names_customers_or_serials(device: Device, tmp_path: Path) -> None:
    a_device(a_customer(code="CL002000", name="Port Royal"))
    pilots = tmp_path / "pilots.txt"
    pilots.write_text("3923656030\n\n")

    answer = releveur("open_campaign", "--due-until", "2022-04-05", "--only", pilots)

    assert answer["devices"]["due"] == 1


def test_a_campaign_too_far_ahead_is_refused_with_exit_code_1(device: Device) -> None:
    _answer, error = refused("open_campaign", "--due-until", "2022-06-05")
    assert error.returncode == 1


def test_a_refused_declaration_names_meter_code_demand_and_sentence(device: Device) -> None:
    a_campaign()

    answer, error = refused("declare", "3923656030", "Noir=39600", "Couleur=92910")

    [finding] = answer["findings"]
    assert answer["accepted"] is False
    assert (finding["meter"], finding["code"], finding["demand"]) == (
        "MONO",
        "LOWER_THAN_LAST",
        "PROOF",
    )
    assert "84 impressions" in finding["sentence"]
    assert error.returncode == 1


def test_a_declaration_is_accepted_with_numbers_as_people_say_them(device: Device) -> None:
    a_campaign()
    answer = releveur("declare", "3923656030", "Noir=41 200", "Couleur=92\u202f910")
    assert answer["accepted"] is True
    assert not DueReading.objects.unanswered().exists()


def test_what_was_typed_wrong_is_said_before_anything_is_written(device: Device) -> None:
    a_campaign()
    answer, _error = refused("declare", "3923656030", "Noir=quarante")
    assert "Noir=quarante" in answer["error"]


def test_the_test_clock_moves_and_what_became_due_is_done_first(device: Device) -> None:
    a_campaign()
    the_mails_leave(now=OPENED)

    later = OPENED + timedelta(days=7)
    answer = releveur("campaign_status", Campaign.objects.get().pk, "--now", later.isoformat())

    assert clock.now() == later
    assert Notice.objects.filter(what="REMINDED_1").exists()
    assert answer["state"] == "OPEN"


def test_the_test_clock_never_goes_back(device: Device) -> None:
    answer, error = refused("tick", "--now", (OPENED - timedelta(days=1)).isoformat())
    assert error.returncode == 1
    assert "2022-04-05" in answer["error"]


def test_an_unknown_campaign_is_refused() -> None:
    _answer, error = refused("campaign_status", 999)
    assert error.returncode == 1


def test_closing_early_is_refused_while_somebody_is_silent(device: Device) -> None:
    campaign = a_campaign()
    refused("close_campaign", campaign.pk)

    answers(Invitation.objects.get(), device, mono=41_200, color=92_910, now=OPENED)

    assert releveur("close_campaign", campaign.pk)["state"] == "CLOSED"


def test_a_signature_refused_lists_what_blocks_it() -> None:
    a_device(a_customer(), serial="ALONE", mono=1)
    campaign = a_campaign()
    Campaign.objects.update(state="CLOSED")

    answer, _error = refused("sign_campaign", campaign.pk, "--by", "Mme Roy")

    assert answer["blocked"] == [{"code": "CL001007", "serial": "ALONE", "meter": "MONO"}]
    signed = releveur("sign_campaign", campaign.pk, "--by", "Mme Roy", "--estimate-unasked")
    assert (signed["state"], signed["lines"]) == ("SIGNED", 1)


def test_the_basis_is_written_whole_to_a_file(device: Device, tmp_path: Path) -> None:
    campaign = a_campaign()
    answers(Invitation.objects.get(), device, mono=41_200, color=92_910, now=OPENED)
    output = tmp_path / "basis.csv"

    answer = releveur("export_basis", campaign.pk, "--output", output)

    assert answer["provisional"] is True
    assert output.read_bytes().startswith(b"\xef\xbb\xbfPr")
    assert [path.name for path in tmp_path.iterdir()] == ["basis.csv"], "no draft is left behind"


def test_resend_writes_one_more_mail_and_revoke_kills_the_link(device: Device) -> None:
    a_campaign()
    before = Invitation.objects.get().key_hash

    assert releveur("revoke", "CL001007")["revoked"] == 1
    assert Invitation.objects.get().key_hash != before
    assert releveur("resend", "CL001007")["to"] == ["alexandra@gramont-services.example"]
    refused("resend", "CL999999")


def test_a_campaign_is_paused_and_goes_on(device: Device) -> None:
    campaign = a_campaign()
    assert releveur("pause_campaign", campaign.pk)["campaign"] == campaign.pk
    assert releveur("campaign_status", campaign.pk)["dates"]["paused_at"]
    refused("pause_campaign", campaign.pk)
    refused("close_campaign", campaign.pk)
    assert releveur("resume_campaign", campaign.pk)["told"] == 0
    refused("resume_campaign", campaign.pk)


def test_the_outbox_says_how_the_sending_goes() -> None:
    told = releveur("outbox")
    assert (told["owed"], told["minutes_left"], told["slowed"]) == (0, 0, [])
