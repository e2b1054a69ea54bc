"""The mail before a dealer's first campaign."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from releveur import clock
from releveur.campaigns import announcing
from releveur.campaigns.models import Announcement, Campaign
from releveur.customers.models import Contact
from releveur.fleet.models import Device
from releveur.outbox.models import Mail
from tests.factories import (
    DUE_ON,
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people() -> None:
    clock.set(OPENED)
    a_dealer()
    a_contact(gramont := a_customer())
    a_device(gramont)
    a_contact(other := a_customer(code="CL2", name="Northgate"), email="e@n.example", language="en")
    a_device(other)


def announced(*, due_until: date = DUE_ON) -> list[str]:
    return [one.email for one in announcing.announce(due_until, now=OPENED).told]


def test_everybody_an_opening_would_ask_is_told_once() -> None:
    assert announced() == ["alexandra@gramont-services.example", "e@n.example"]
    assert announced() == []
    assert Announcement.objects.count() == Mail.objects.count() == 2


def test_it_says_who_writes_from_where_what_it_takes_and_whom_to_call() -> None:
    announced()
    french, english = Mail.objects.order_by("pk")
    for said in ("Bureautique Lafayette", "releves@bureautique-lafayette.example", "Bonjour Alexandra,",
                 "quinze secondes", "Aucun compte", "01 53 20 11 00", "rien à faire"):  # fmt: skip
        assert said in french.text and said in french.html
    assert french.subject.endswith("– Gramont Services (CL001007)")
    assert "fifteen seconds a device" in english.text
    assert "/r/" not in french.text, "there is nothing to open yet"


def test_who_was_ever_invited_knows_us() -> None:
    a_campaign(only=["CL001007"])
    assert announced() == ["e@n.example"]


def test_nobody_is_told_who_would_not_be_asked() -> None:
    Device.objects.filter(coverages__contract__customer__code="CL001007").update(mode="TECHNICIAN")
    Contact.objects.filter(email="e@n.example").update(opted_out_at=OPENED)
    assert announced() == []
    assert announced(due_until=date(2022, 4, 4)) == []


def test_an_impossible_address_is_named_and_holds_nobody_up() -> None:
    Contact.objects.filter(email="e@n.example").update(email="nobody")
    done = announcing.announce(DUE_ON, now=OPENED)
    assert [one.email for one in done.impossible] == ["nobody"]
    assert len(done.told) == 1


def test_the_command_says_whom_it_tells_and_a_dry_run_tells_nobody(tmp_path: Path) -> None:
    pilots = tmp_path / "pilots.txt"
    pilots.write_text("CL2\n")
    tried = releveur("--due-until", "2022-04-05", "--only", pilots, "--dry-run")
    assert not Mail.objects.exists() and not Campaign.objects.exists()
    assert releveur("--due-until", "2022-04-05", "--only", pilots) == tried
    assert tried == {"mails": 1, "to": ["e@n.example"], "know_already": 0, "impossible": []}


def releveur(*arguments: object) -> dict[str, Any]:
    out = StringIO()
    call_command("announce", *map(str, arguments), "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer
