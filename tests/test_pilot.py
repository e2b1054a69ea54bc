"""A pilot: a few customers of a large fleet first, the rest on the same due date later."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from releveur import clock
from releveur.campaigns import mailing, opening
from releveur.campaigns.models import Campaign, Invitation
from releveur.outbox.models import Mail
from tests.factories import DUE_ON, OPENED, a_campaign, a_contact, a_customer, a_dealer, a_device
from tests.importing.files import a_large_fleet, accepted
from tests.test_commands import refused, releveur

pytestmark = pytest.mark.django_db

PILOTS = [f"CL{number:06}" for number in range(5)]
LATER = OPENED + timedelta(days=2)


@pytest.fixture(autouse=True)
def the_tuesday_of_the_seed() -> None:
    clock.set(OPENED)
    a_dealer()


def written_to() -> set[str]:
    mailing.write_due(now=OPENED)
    return set(Mail.objects.values_list("to", flat=True))


def test_five_customers_of_three_thousand_devices_are_mailed_and_nobody_else(
    tmp_path: Path,
) -> None:
    accepted(a_large_fleet(tmp_path / "parc.csv", devices=3_000))
    pilots = tmp_path / "pilotes.txt"
    pilots.write_text("\n".join(PILOTS))

    answer = releveur("open_campaign", "--due-until", DUE_ON, "--only", pilots)

    assert (answer["customers"], answer["devices"]["due"], answer["invitations"]) == (5, 125, 5)
    assert (answer["left_out"]["customers"], answer["left_out"]["devices"]) == (115, 2_875)
    assert answer["left_out"]["codes"][:2] == ["CL000005", "CL000006"]
    assert written_to() == {f"contact{number}@client.example" for number in range(5)}


class TestTheRestLater:
    @pytest.fixture
    def pilot(self) -> Campaign:
        for number in range(8):
            customer = a_customer(code=f"CL{number:06}", name=f"Client {number}")
            a_contact(customer, email=f"contact{number}@client.example")
            a_device(customer)
        campaign = a_campaign(only=PILOTS)
        mailing.write_due(now=OPENED)
        Mail.objects.update(state="SENT", sent_at=OPENED)
        return campaign

    def test_joins_the_same_campaign_and_no_pilot_is_mailed_again(self, pilot: Campaign) -> None:
        deadlines = dict(pilot.invitations.values_list("contact", "asks_until"))
        clock.set(LATER)

        answer = releveur("open_campaign", "--due-until", DUE_ON)
        mailing.write_due(now=LATER)

        assert (answer["campaign"], answer["added"], answer["invitations"]) == (pilot.pk, 6, 8)
        assert answer["left_out"] == {"customers": 0, "devices": 0, "codes": []}
        fresh = Mail.objects.filter(state="OWED").values_list("to", flat=True)
        assert set(fresh) == {f"contact{number}@client.example" for number in range(5, 8)}
        now = dict(
            Invitation.objects.filter(contact__in=deadlines).values_list("contact", "asks_until")
        )
        assert now == deadlines, "who was asked first keeps the date she was told"

    def test_is_said_by_the_status_as_long_as_nobody_asked_them(self, pilot: Campaign) -> None:
        left = releveur("campaign_status", pilot.pk)["left_out"]
        assert left == {
            "customers": 3, "devices": 3, "codes": ["CL000005", "CL000006", "CL000007"],
        }  # fmt: skip

    def test_is_opened_by_another_campaign_where_the_pilot_was_signed(
        self, pilot: Campaign
    ) -> None:
        Campaign.objects.filter(pk=pilot.pk).update(
            state="SIGNED", signed_at=OPENED, signed_by="Mme Roy"
        )
        opened = opening.open_campaign(DUE_ON, now=LATER)
        assert opened.campaign.pk != pilot.pk
        assert set(opened.campaign.invitations.values_list("contact__email", flat=True)) == {
            f"contact{number}@client.example" for number in range(5, 8)
        }


@pytest.mark.parametrize("command", ["open_campaign", "announce"])
@pytest.mark.parametrize("text", ["", "\n\n", "CL001007\nCL01007\n"])
def test_a_pilot_file_that_names_nobody_or_a_stranger_does_nothing(
    command: str, text: str, tmp_path: Path
) -> None:
    a_contact(customer := a_customer())
    a_device(customer)
    pilots = tmp_path / "pilotes.txt"
    pilots.write_text(text)

    _answer, error = refused(command, "--due-until", DUE_ON, "--only", pilots)

    assert error.returncode == 1
    assert ("CL01007" in str(error)) == bool(text.strip())
    assert not Campaign.objects.exists() and not Mail.objects.exists()
