"""What servers write when a mail does not arrive: their shapes, and what each of them means."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releveur.outbox import anatomy, auto_replies, dsn
from releveur.outbox.dsn import Report

SHAPES = Path(__file__).parent / "dsn"
MESSAGE_ID = "<4c1a9f0e5b7d4e0c8a6f2b3d1e5f7a90@bureautique-lafayette.example>"
CLAIRE = "claire@client.example"
WITHOUT_ID = {"exchange_no_returned_id", "exim_warning", "lotus", "spam_letter", "unclear"}

EXPECTED = {
    "exchange_full": "SOFT 5.2.2",
    "exchange_no_returned_id": "HARD 5.1.1",
    "exim_quota": "SOFT",
    "exim_unknown": "HARD 550",
    "exim_unrouteable": "HARD",
    "exim_warning": "DELAYED 4.7.1",
    "free_inactive": "HARD 5.2.1",
    "gmail_delay": "DELAYED 4.2.1",
    "gmail_full": "SOFT 5.2.2",
    "gmail_unauthenticated": "POLICY 5.7.26",
    "gmail_unknown": "HARD 5.1.1",
    "laposte_archived": "HARD 5.5.0",
    "latin1_german": "HARD 5.1.0",
    "lotus": "HARD",
    "office365_edge": "HARD 5.4.1",
    "office365_restricted": "POLICY 5.7.133",
    "office365_unknown": "HARD 5.1.10",
    "orange_spam": "POLICY 5.2.0",
    "orange_unknown": "HARD 5.1.1",
    "ovh_unknown": "HARD 5.1.1",
    "postfix_delayed": "DELAYED 4.7.1",
    "postfix_expired": "SOFT 4.4.1",
    "postfix_no_domain": "HARD 5.4.4",
    "postfix_relayed": "ARRIVED 2.0.0",
    "postfix_spamhaus": "POLICY 5.7.1",
    "postfix_unknown": "HARD 5.1.1",
    "qmail_expired": "SOFT 4.2.1",
    "qmail_unknown": "HARD 5.1.1",
    "sendmail_expanded": "ARRIVED 2.0.0",
    "sendmail_vague": "HARD 5.0.0",
    "sfr_letter": "SOFT",
    "spam_letter": "POLICY 554",
    "status_in_base64": "SOFT 5.2.2",
    "too_large": "POLICY 5.3.4",
    "two_recipients": "HARD 5.1.1",
    "unclear": "SOFT",
    "utf8_global": "HARD 5.1.1",
    "yahoo_unknown": "HARD 5.0.0",
    "zimbra_quota": "SOFT 5.2.2",
}
"""Per shape: what became of the mail, and the code."""


def read(name: str) -> Report:
    report = dsn.read(anatomy.parsed((SHAPES / f"{name}.eml").read_bytes()))
    assert report is not None, f"{name} speaks of a mail that was sent"
    return report


def test_every_shape_has_its_line() -> None:
    assert {path.stem for path in SHAPES.iterdir()} == set(EXPECTED)
    assert len(EXPECTED) >= 30


@pytest.mark.parametrize("name", EXPECTED)
def test_each_shape_says_what_became_of_which_mail(name: str) -> None:
    report = read(name)
    first = report.verdicts[0]
    assert f"{first.outcome} {first.code}".strip() == EXPECTED[name], first.words
    assert first.address == ("c.weber@kunde.example" if name == "latin1_german" else CLAIRE)
    assert report.message_ids == (() if name in WITHOUT_ID else (MESSAGE_ID,))


def test_each_recipient_has_a_verdict_of_its_own() -> None:
    said = [(one.address, str(one.outcome)) for one in read("two_recipients").verdicts]
    assert said == [(CLAIRE, "HARD"), ("copie@client.example", "SOFT")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exim_unknown", "550 No such user here"),
        ("qmail_unknown", "no mailbox here by that name"),
        ("postfix_unknown", "User unknown in virtual mailbox table"),
        ("sfr_letter", "la boîte aux lettres du destinataire est pleine"),
        ("lotus", "not listed in Domino Directory"),
    ],
)
def test_the_office_reads_what_the_server_said(name: str, words: str) -> None:
    assert words in read(name).verdicts[0].words


def test_a_late_mail_and_a_relayed_one_have_not_come_back() -> None:
    for name in ("postfix_delayed", "gmail_delay", "exim_warning", "postfix_relayed"):
        assert not read(name).failed


@pytest.mark.parametrize(
    "written",
    [
        b"From: claire@client.example\nSubject: Re: Undelivered?\n\nNoir 41200\n",
        b"From: postmaster@client.example\nSubject: Nos compteurs\n\nNoir 41200, quota 5\n",
        b"Return-Path: <>\nFrom: claire@client.example\nSubject: Absence\n\nJe rentre le 3.\n",
        b"Subject: returned mail\n\n550 user unknown\n",
    ],
)
def test_what_a_person_writes_is_no_bounce(written: bytes) -> None:
    assert dsn.read(anatomy.parsed(written)) is None


@given(st.binary(max_size=2_000))
def test_no_bytes_that_anybody_may_send_break_the_reading(sent: bytes) -> None:
    status = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
    for raw in (sent, b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n" + sent,
                status + b"Content-Type: message/delivery-status\n\n" + sent):  # fmt: skip
        message = anatomy.parsed(raw)
        dsn.read(message)
        auto_replies.is_automatic(message)
        auto_replies.is_challenge(message)
        anatomy.words(message)
        anatomy.attachments(message)
