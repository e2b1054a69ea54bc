"""The address to which a mail comes back says which mail, and nobody else can write it."""

from __future__ import annotations

from typing import Any

import pytest

from releveur import knobs
from releveur.outbox import composing, return_path, writing
from releveur.outbox.models import Mail
from tests.factories import OPENED, a_dealer

KNOB = "bounces@bureautique-lafayette.example"


@pytest.fixture(autouse=True)
def knob(settings: Any) -> None:
    settings.RETURN_PATH = KNOB


def a_mail(pk: int = 4711) -> Mail:
    return Mail(pk=pk, to="claire@client.example", sender="x <releves@a.example>")


def test_each_mail_has_an_address_of_its_own_and_is_found_by_it() -> None:
    address = return_path.of(a_mail())
    assert address.startswith("bounces+4j7-") and address.endswith(f"@{KNOB.partition('@')[2]}")
    assert return_path.whose(f"<{address}>") == 4711
    assert return_path.whose(f"for <{address.upper()}>; Tue") == 4711, "servers change the case"
    assert return_path.of(a_mail(4712)) != address


@pytest.mark.parametrize("wrong", ["4j8-", "0-", "zzzzzzzzzzzzzz-"])
def test_no_other_mail_answers_to_its_signature(wrong: str) -> None:
    assert return_path.whose(return_path.of(a_mail()).replace("4j7-", wrong)) is None


def test_a_signature_of_another_secret_or_house_is_nothing(settings: Any) -> None:
    address = return_path.of(a_mail())
    assert return_path.whose(address.replace("lafayette", "ailleurs")) is None
    settings.LINK_SECRET = "another"
    assert return_path.whose(address) is None


def test_the_longest_number_and_name_fit_the_64_characters_of_a_local_part(settings: Any) -> None:
    settings.RETURN_PATH = f"{'b' * return_path.LONGEST_NAME}@a.example"
    address = return_path.of(a_mail(2**63 - 1))
    assert len(address.rpartition("@")[0]) <= return_path.LONGEST_LOCAL_PART
    assert return_path.whose(address) == 2**63 - 1


def test_a_domain_of_its_own_needs_no_plus(settings: Any) -> None:
    settings.RETURN_PATH = "@retours.lafayette.example"
    address = return_path.of(a_mail())
    assert "+" not in address and return_path.whose(address) == 4711


def test_the_envelope_says_it_and_the_header_does_not(settings: Any) -> None:
    mail = a_mail()
    assert composing.envelope(mail)[0] == return_path.of(mail)
    settings.RETURN_PATH = ""
    assert composing.envelope(mail)[0] == "releves@a.example", "as before"


@pytest.mark.django_db
def test_replies_go_to_the_dealer_unless_we_read_them_ourselves(settings: Any) -> None:
    mail = writing.blank(
        "campaigns/mail/invitation", to="a@b.example", language="fr", dealer=a_dealer(), now=OPENED
    )
    mail.pk = 1
    theirs = b"Reply-To: releves@bureautique-lafayette.example"
    assert theirs in composing.compose(mail, date=OPENED)
    settings.REPLIES_TO = "reponses@bureautique-lafayette.example"
    assert b"Reply-To: reponses@" in composing.compose(mail, date=OPENED)
    mail.kind = "office"
    assert theirs in composing.compose(mail, date=OPENED), "the office answers customers"


@pytest.mark.parametrize("wrong", ["bounces", "a b@c.example", "é@c.example", f"{'b' * 31}@c.fr"])
def test_a_knob_that_is_no_address_stops_the_program(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELEVEUR_RETURN_PATH", wrong)
    with pytest.raises(knobs.KnobMisread, match="RELEVEUR_RETURN_PATH"):
        knobs.address("RELEVEUR_RETURN_PATH", longest=30)
