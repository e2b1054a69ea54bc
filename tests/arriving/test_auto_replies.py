"""What nobody wrote is recognised in the languages of the customers; what somebody wrote never is."""

from __future__ import annotations

import pytest

from releveur.outbox import anatomy, auto_replies, dsn
from tests.arriving.letters import a_reply


@pytest.mark.parametrize(
    "headers",
    [
        {"auto_submitted": "auto-replied"},
        {"auto_submitted": "auto-generated (vacation)"},
        {"x_auto_response_suppress": "All"},
        {"precedence": "bulk"},
        {"x_autoreply": "yes"},
        {"x_ms_exchange_inbox_rules_loop": "alexandra@gramont-services.example"},
        {"subject": "Réponse automatique : Relevé compteurs"},
        {"subject": "Automatic reply: Relevé compteurs"},
        {"subject": "Out of Office: Relevé"},
        {"subject": "Absence du bureau"},
        {"subject": "[Absent du bureau] Re: Relevé"},
        {"subject": "Automatische Antwort: Relevé"},
        {"subject": "Abwesenheitsnotiz"},
        {"subject": "Automatisch antwoord: Relevé"},
        {"subject": "Respuesta automática: Relevé"},
        {"subject": "Risposta automatica: Relevé"},
        {"subject": "Autosvar: Relevé"},
    ],
)
def test_an_automatic_answer_is_one(headers: dict[str, str]) -> None:
    message = anatomy.parsed(a_reply("Je suis absente jusqu’au 3 mai.", **headers))
    assert auto_replies.is_automatic(message)
    assert not auto_replies.is_challenge(message)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"auto_submitted": "no"},
        {"x_auto_response_suppress": "DR, OOF, AutoReply"},
        {"subject": "Re: Réponse automatique : Relevé compteurs"},
        {"subject": "RE: Relevé compteurs, absence de papier"},
        {"subject": "TR: Relevé compteurs avant le lundi 9 mai"},
    ],
)
def test_what_a_person_writes_is_none(headers: dict[str, str]) -> None:
    assert not auto_replies.is_automatic(anatomy.parsed(a_reply("Noir 41200", **headers)))


@pytest.mark.parametrize(
    "words",
    [
        "Votre message est en attente. Cliquez ici pour vous authentifier (captcha).",
        "Please verify your address to deliver this mail.",
        "Ce message est protégé par MailInBlack.",
    ],
)
def test_a_filter_that_asks_who_we_are_is_told_apart(words: str) -> None:
    message = anatomy.parsed(a_reply(words, auto_submitted="auto-replied"))
    assert auto_replies.is_automatic(message) and auto_replies.is_challenge(message)


def test_complaints_and_read_receipts_have_their_own_reports() -> None:
    report = "Content-Type: multipart/report; report-type={}; boundary=b\n\n--b\n\nx\n--b--\n"
    spam = anatomy.parsed(report.format("feedback-report").encode())
    shown = anatomy.parsed(report.format("disposition-notification").encode())
    assert dsn.is_complaint(spam) and not dsn.is_complaint(shown)
    assert dsn.is_read_receipt(shown) and dsn.read(shown) is None and dsn.read(spam) is None
