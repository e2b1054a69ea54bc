from __future__ import annotations

import re
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releveur.outbox import composing, writing
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


PRINTED = st.characters(exclude_categories=["C", "Z"], include_characters=" ")
WORDS = st.text(PRINTED, max_size=240).map(lambda words: " ".join(words.split()))
BODIES = st.text(
    st.one_of(PRINTED, st.sampled_from("=.\t \n\u00a0\u202fé€😀")), min_size=1, max_size=400
)
ADDRESSES = st.sampled_from(
    ["a@b.example", "a.morel+x@très-longue-adresse.example", "o'neil@b.example", '"a b"@b.example',
     f"{'comptabilite.fournisseurs' * 2}@{'grande-maison.' * 3}example", "A_B-C@B.EXAMPLE"]
)  # fmt: skip


def by_the_library(mail: Mail) -> EmailMessage:
    """The same message, as Python's own library understands it after a way over the wire."""
    name, sender = parseaddr(mail.sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = an_address(mail.to)
    if mail.copy_to:
        message["Cc"] = an_address(mail.copy_to)
    message["Date"] = OPENED
    message["Reply-To"] = mail.reply_to
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return parsed(message.as_bytes())


def an_address(address: str) -> Address:
    local, _at, domain = address.rpartition("@")
    return Address(addr_spec=f"{local}@{domain.encode('idna').decode()}")


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, _class=EmailMessage, policy=default)
    assert isinstance(message, EmailMessage)
    return message


@given(WORDS, WORDS.map(writing.clean_name), ADDRESSES, ADDRESSES, BODIES, BODIES)
def test_whatever_it_says_a_mail_is_the_one_the_library_would_have_made(
    subject: str, name: str, to: str, copy_to: str, text: str, html: str
) -> None:
    mail = a_mail(subject)
    mail.sender = f"{name} <releves@bureautique-lafayette.example>".strip()
    mail.to, mail.copy_to, mail.reply_to = to, "" if copy_to == to else copy_to, "r@b.example"
    mail.text, mail.html = text, html

    content = composing.compose(mail, date=OPENED)
    ours, theirs = parsed(content), by_the_library(mail)

    for header in ("From", "To", "Cc", "Date", "Reply-To", "MIME-Version"):
        assert str(ours[header]) == str(theirs[header])
    said = (str(ours["Subject"]), ours["Message-ID"], ours["Content-Language"])
    assert said == (subject, mail.message_id, mail.language)
    for mine, other in zip(ours.walk(), theirs.walk(), strict=True):
        assert mine.get_content_type() == other.get_content_type() and not mine.defects
        assert mine.is_multipart() or mine.get_content() == other.get_content()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|[^\x00-\x7f]", content), "fit for any server"
    assert max(map(len, content.split(b"\r\n"))) <= 200, "an address has no place to fold at"


@pytest.mark.parametrize(
    "field", ["to", "sender", "reply_to", "message_id", "in_reply_to", "language", "subject"]
)
@pytest.mark.parametrize("end", ["\r\nBcc: all@example.org", "\n", "\u2028Bcc: all@example.org"])
def test_no_field_ends_its_header(field: str, end: str) -> None:
    mail = a_mail("Bonjour")
    setattr(mail, field, f"{getattr(mail, field) or 'a@b.example'}{end}")
    try:
        content = composing.compose(mail, date=OPENED)
    except ValueError:
        return
    message = parsed(content)
    assert message["Bcc"] is None and message.get_content_type() == "multipart/alternative"


def test_the_logo_and_a_calendar_entry_stand_where_mail_programs_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("releveur.dealer.branding.logo", lambda: b"\x89PNG")
    mail = a_mail("Rendez-vous")
    mail.html = '<img src="cid:logo@releveur">'
    mail.calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
    message = parsed(composing.compose(mail, date=OPENED))
    parts = list(message.walk())
    assert [part.get_content_type() for part in parts] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
        "image/png", "text/calendar", "application/ics",
    ]  # fmt: skip
    assert parts[5]["Content-ID"] == "<logo@releveur>" and parts[5].get_content() == b"\x89PNG"
    assert parts[6].get_param("method") == "REQUEST"
    assert parts[7].get_filename() == composing.CALENDAR
