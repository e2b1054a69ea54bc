"""An address as people type it, and which two are one mailbox."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from releveur.customers import addresses, introducing, login
from releveur.customers.addresses import NoAddress
from releveur.customers.introducing import Named
from releveur.customers.models import Contact, LoginCode
from releveur.outbox import composing
from releveur.outbox.models import Mail
from tests.factories import OPENED, a_dealer
from tests.importing.files import a_file, a_row, accepted

ASCII, LETTERS = "compta@xn--socit-esab.example", "compta@société.example"
REAL = [
    "a.martin@gramont-services.example",
    "Alexandra.MARTIN@Gramont-Services.Example",
    "jean-claude.d'hondt@gramont.example",
    "facture+copieurs@gmail.example",
    "compta_fournisseurs@groupe.gramont.example",
    "42@3m.example",
    "o'neil&fils@gramont.example",
    "alexandra@gramont.onmicrosoft.example",
    LETTERS,
    ASCII,
]


def test_the_examples_of_the_module_hold() -> None:
    assert doctest.testmod(addresses).failed == 0


@pytest.mark.parametrize("typed", REAL)
def test_what_companies_and_providers_give_their_people_is_kept_and_can_be_sent_to(
    typed: str,
) -> None:
    address = addresses.written(typed)
    assert address == typed
    mail = Mail(to=address, sender="Relevés <releves@dealer.example>", text="-", html="-")
    assert composing.envelope(mail)[1].isascii()


@pytest.mark.parametrize(
    "typed",
    [
        "\u202a compta@gramont.example\u202c",
        "<compta@gramont.example>",
        "Compta Gramont <compta@gramont.example>;",
        "MAILTO:compta@gramont.example",
        "\u200bcompta@gramont.example\u00a0",
    ],
)
def test_what_a_mail_program_copies_along_is_taken_off(typed: str) -> None:
    assert addresses.written(typed) == "compta@gramont.example"


@pytest.mark.parametrize(
    "typed",
    [
        "", "compta", "compta@gramont", "a@b.fr, c@d.fr", "a@b.fr\nBcc: x@y.fr", "@gramont.example",
        '"a b"@gramont.example', "é@gramont.example", "\u017fam@gramont.example",
        "a..b@gramont.example", "a@gramont..example", "a@" + "x" * 64 + ".example",
        "a" * 250 + "@gramont.example", "a@b.example <c@d.example> <e@f.example>",
    ],
)  # fmt: skip
def test_what_no_mail_reaches_is_refused(typed: str) -> None:
    with pytest.raises(NoAddress):
        addresses.written(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Compta@Gramont.example", "compta@gramont.EXAMPLE"),
        (ASCII, LETTERS),
        ("compta@socie\u0301te\u0301.example", LETTERS),
        ("COMPTA@SOCIÉTÉ.example", ASCII.upper()),
    ],
)
def test_two_spellings_are_one_mailbox(one: str, other: str) -> None:
    assert addresses.key(one) == addresses.key(other) == addresses.key(addresses.key(one))


@pytest.mark.parametrize("other", ["a.b@gmail.example", "ab+x@gmail.example"])
def test_what_only_the_provider_knows_to_be_one_stays_two(other: str) -> None:
    assert addresses.key("ab@gmail.example") != addresses.key(other)


@pytest.mark.django_db
def test_who_was_imported_under_one_spelling_signs_in_and_is_named_under_the_other(
    tmp_path: Path,
) -> None:
    a_dealer()
    accepted(a_file(tmp_path, a_row(email=LETTERS)))

    login.ask(ASCII, browser="b", client="192.0.2.1", language="fr", now=OPENED)
    assert LoginCode.objects.get().contact == Contact.objects.get()
    named = introducing.checked(Named(ASCII, "Alexandra"))
    assert introducing.introduce(named, language="fr") == Contact.objects.get()
    accepted(a_file(tmp_path, a_row(email=ASCII)))
    assert Contact.objects.count() == 1
