"""Who sends too often is told when to come back and whom to call; nobody else is stopped by it."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from releveur.campaigns.models import Invitation
from releveur.clock.machine import MachineNow
from releveur.customers import restraining
from releveur.customers.models import Tally
from releveur.fleet.models import Device
from releveur.ops import ticking
from releveur.web import restraint
from releveur.web.portal.spreadsheet import MOST_SPREADSHEETS
from tests.factories import OPENED, a_campaign, a_contact, a_customer, a_device
from tests.web.visiting import a_photo, a_visitor, link, text

pytestmark = pytest.mark.django_db

UNKNOWN = "/r/AAAAAAAAAAAAAAAAAAAAAA"
PHONE = "01 53 20 11 00"


def used_up(what: str, who: str, count: int) -> None:
    restraining.count(what, who, most=1)
    Tally.objects.update(count=count)


def time_passes(span: timedelta) -> None:
    """The database's clock cannot be moved: what began becomes older."""
    Tally.objects.update(began_at=MachineNow() - span)


def test_the_last_one_allowed_passes_and_the_next_waits_for_the_end_of_the_span() -> None:
    for _time in range(3):
        restraining.count("knocking", "a", most=3)
    with pytest.raises(restraining.TooOften) as often:
        restraining.count("knocking", "a", most=3)
    assert timedelta(minutes=59) < often.value.after <= timedelta(hours=1)
    restraining.count("knocking", "b", most=3)
    restraining.count("calling", "a", most=3)


def test_who_goes_on_does_not_wait_longer() -> None:
    used_up("knocking", "a", 3)
    time_passes(timedelta(minutes=59, seconds=58))
    with pytest.raises(restraining.TooOften) as often:
        restraining.count("knocking", "a", most=3)
    assert often.value.after < timedelta(seconds=3)
    time_passes(timedelta(hours=1, seconds=1))
    restraining.count("knocking", "a", most=3)
    assert Tally.objects.get().count == 1


def test_a_count_is_one_statement_and_says_of_nobody_who_it_was() -> None:
    with CaptureQueriesContext(connection) as queries:
        restraining.count("knocking", "192.0.2.1", most=3)
    assert len(queries) == 1
    assert "192.0.2.1" not in str(Tally.objects.values().get())


def test_what_no_span_needs_any_more_is_forgotten_every_minute() -> None:
    used_up("knocking", "a", 3)
    time_passes(timedelta(days=1, seconds=1))
    restraining.count("knocking", "b", most=3)
    ticking.tick(now=OPENED)
    assert Tally.objects.count() == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr", "Trop d’envois en peu de temps"), ("en", "Too much in a short time")],
)
def test_the_page_says_when_and_whom_to_call(
    invitation: Invitation, language: str, words: str
) -> None:
    visitor = a_visitor(invitation)
    visitor.cookies["django_language"] = language
    used_up("spreadsheet", str(invitation.pk), MOST_SPREADSHEETS)
    page = visitor.post("/releves/tableur/envoyer")
    assert page.status_code == 429
    assert 3_500 < int(page["Retry-After"]) <= 3_600
    said = text(page)
    assert words in said and PHONE in said
    assert f" {math.ceil(int(page['Retry-After']) / 60)} minutes" in said
    assert visitor.get("/releves/tableur/envoyer").status_code == 200, "looking is not counted"


def test_the_script_is_told_in_its_own_way(invitation: Invitation) -> None:
    visitor = a_visitor(invitation)
    assert "proof" in visitor.post("/releves/photo", {"photo": a_photo()}).json()
    Tally.objects.update(count=600)
    answer = visitor.post("/releves/photo", {"photo": a_photo()})
    assert answer.status_code == 429 and "error" in answer.json()


def test_another_invitation_from_the_same_network_goes_on(
    device: Device, invitation: Invitation
) -> None:
    a_visitor(invitation).post("/releves/tableur/envoyer")
    Tally.objects.update(count=MOST_SPREADSHEETS)
    a_contact(
        other := a_customer(code="CL2", name="Autre"), email="bob@autre.example", first_name="Bob"
    )
    a_device(other)
    assert a_visitor(invitation).post("/releves/tableur/envoyer").status_code == 429
    a_campaign()
    his = Invitation.objects.exclude(pk=invitation.pk).filter(contact__first_name="Bob").get()
    assert a_visitor(his).post("/releves/tableur/envoyer").status_code == 422


def test_looking_at_a_link_writes_nothing_known_or_not(invitation: Invitation) -> None:
    for address in (link(invitation), UNKNOWN):
        with CaptureQueriesContext(connection) as queries:
            Client().get(address)
            Client().head(address)
        assert not [one for one in queries if not one["sql"].lower().startswith("select")]
    assert not Tally.objects.exists()


@pytest.mark.parametrize("address", [UNKNOWN, "/plus-moi/AAAA", "/ne-plus-ecrire/AAAA"])
def test_guessed_keys_are_refused_after_a_while_and_the_right_one_is_not(
    invitation: Invitation, address: str
) -> None:
    stranger = Client()
    assert stranger.post(address).status_code == 404
    Tally.objects.update(count=restraint.MOST_WRONG_KEYS)
    assert stranger.post(address).status_code == 429
    assert stranger.get(address).status_code == 404
    assert stranger.post(link(invitation)).status_code == 303, "the same network, a right key"


def test_a_provider_with_a_wrong_secret_is_refused_and_the_right_one_is_not(
    settings: Any,
) -> None:
    settings.INBOX_SECRET = "s3cret"
    wrong = {"Authorization": "Bearer x"}
    assert Client().post("/mail/arrived", headers=wrong).status_code == 401
    Tally.objects.update(count=60)
    refused = Client().post("/mail/arrived", headers=wrong)
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0
    right = {"Authorization": "Bearer s3cret"}
    assert Client().post("/mail/arrived", headers=right).status_code == 201
