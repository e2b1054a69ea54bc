"""The office's list of appointments, as a script and a person read it."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from releveur import clock
from releveur.appointments.asking import Wanted
from releveur.appointments.models import Appointment
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from tests.test_appointments import HERS, LATER, a_request, asks

pytestmark = pytest.mark.django_db


@pytest.fixture
def wanted(device: Device) -> Wanted:
    return a_request(device)


def releveur(*arguments: str) -> str:
    clock.set(LATER)
    out = StringIO()
    call_command("appointments", *arguments, stdout=out)
    return out.getvalue()


def test_the_office_lists_the_open_ones_with_all_it_takes_to_call(wanted: Wanted) -> None:
    asks(wanted)
    words = releveur()
    for needed in ("CL001007", "2022-04-12", "Alexandra Morel", "Idris Benali", "3923656030"):
        assert needed in words

    [row] = json.loads(releveur("--json"))["appointments"]
    assert (row["code"], row["call_on"], row["contact"]["email"]) == (
        "CL001007", "2022-04-12", HERS,
    )  # fmt: skip
    assert row["devices"][0]["serial"] == "3923656030"


def test_a_mail_of_it_that_was_refused_is_listed_with_the_servers_words(wanted: Wanted) -> None:
    asks(wanted)
    assert json.loads(releveur("--json"))["appointments"][0]["mails_refused"] == []
    Mail.objects.filter(kind="asked").update(state="FAILED", smtp_reply="550 unknown")
    [row] = json.loads(releveur("--json"))["appointments"]
    assert row["mails_refused"] == [f"{HERS}: 550 unknown"]
    assert "550 unknown" in releveur()


def test_a_settled_one_leaves_the_list_and_the_company_may_ask_again(wanted: Wanted) -> None:
    asked = asks(wanted)
    tried = json.loads(releveur("--json", "--dry-run", "--settle", str(asked.pk)))
    assert Appointment.objects.open().exists()
    assert json.loads(releveur("--json", "--settle", str(asked.pk))) == tried
    assert tried == {"settled": asked.pk, "appointments": []}
    with pytest.raises(CommandError):
        releveur("--settle", str(asked.pk))
    assert "Aucun rendez-vous" in releveur()
    assert asks(wanted, now=LATER).pk != asked.pk
