from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from releveur.outbox import composing
from releveur.outbox.models import Mail
from tests.factories import OPENED


def a_mail(subject: str) -> Mail:
    return Mail(
        to="alexandra@gramont-services.example",
        language="fr",
        sender="Bureautique Lafayette <releves@bureautique-lafayette.example>",
        subject=subject,
        text="Bonjour,\n",
        html="<p>Bonjour,</p>",
        message_id="<1@bureautique-lafayette.example>",
    )


def composed(subject: str) -> EmailMessage:
    message = message_from_bytes(
        composing.compose(a_mail(subject), date=OPENED), _class=EmailMessage, policy=default
    )
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize(
    "subject",
    [
        "Relevés enregistrés, reçu R220411-AXFUWQ – 2 sociétés",
        "Relevé compteurs avant le lundi 11 janvier – 7 équipements – GRAMONT SERVICES (CL001007)",
        "Meter readings before Thursday 28 April",
    ],
)
def test_a_subject_arrives_as_it_was_written(subject: str) -> None:
    assert composed(subject)["Subject"] == subject


def test_a_mail_is_a_text_with_an_html_alternative() -> None:
    message = composed("Bonjour")
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip


def test_a_name_with_a_line_break_never_becomes_a_header() -> None:
    with pytest.raises(ValueError, match=r"newline|linefeed"):
        composing.compose(a_mail("Bonjour\r\nBcc: all@example.org"), date=OPENED)


@pytest.mark.parametrize(("kind", "offered"), [("office", False), ("invitation", True)])
def test_the_offices_own_mail_offers_no_way_out(kind: str, offered: bool) -> None:
    mail = a_mail("Bonjour")
    mail.kind = kind
    assert (b"List-Unsubscribe" in composing.compose(mail, date=OPENED)) is offered
