"""What nobody wrote is recognised in the languages of the customers; what somebody wrote never is."""

from __future__ import annotations

import pytest

from releveur.outbox import anatomy, auto_replies, dsn
from tests.arriving.letters import a_reply


def written(words: str, headers: dict[str, str]) -> bytes:
    """A reply with these headers, the subject among them."""
    subject = headers.get("subject", "RE: Relevé compteurs")
    others = {name: value for name, value in headers.items() if name != "subject"}
    return a_reply(words, subject=subject, headers=others)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-generated (vacation)"},
        {"X-Auto-Response-Suppress": "All"},
        {"Precedence": "bulk"},
        {"X-Autoreply": "yes"},
        {"X-Ms-Exchange-Inbox-Rules-Loop": "alexandra@gramont-services.example"},
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
    message = anatomy.parsed(written("Je suis absente jusqu’au 3 mai.", headers))
    assert auto_replies.is_automatic(message)
    assert not auto_replies.is_challenge(message)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Auto-Submitted": "no"},
        {"X-Auto-Response-Suppress": "DR, OOF, AutoReply"},
        {"subject": "Re: Réponse automatique : Relevé compteurs"},
        {"subject": "RE: Relevé compteurs, absence de papier"},
        {"subject": "TR: Relevé compteurs avant le lundi 9 mai"},
    ],
)
def test_what_a_person_writes_is_none(headers: dict[str, str]) -> None:
    assert not auto_replies.is_automatic(anatomy.parsed(written("Noir 41200", headers)))


@pytest.mark.parametrize(
    "words",
    [
        "Votre message est en attente. Cliquez ici pour vous authentifier (captcha).",
        "Please verify your address to deliver this mail.",
        "Ce message est protégé par MailInBlack.",
    ],
)
def test_a_filter_that_asks_who_we_are_is_told_apart(words: str) -> None:
    message = anatomy.parsed(a_reply(words, headers={"Auto-Submitted": "auto-replied"}))
    assert auto_replies.is_automatic(message) and auto_replies.is_challenge(message)


def test_complaints_and_read_receipts_have_their_own_reports() -> None:
    report = "Content-Type: multipart/report; report-type={}; boundary=b\n\n--b\n\nx\n--b--\n"
    spam = anatomy.parsed(report.format("feedback-report").encode())
    shown = anatomy.parsed(report.format("disposition-notification").encode())
    assert dsn.is_complaint(spam) and not dsn.is_complaint(shown)
    assert dsn.is_read_receipt(shown) and dsn.read(shown) is None and dsn.read(spam) is None
