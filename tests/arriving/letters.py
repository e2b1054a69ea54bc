"""Messages as they arrive: what servers, programs and customers send us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from itertools import count

from releveur.campaigns import mailing
from releveur.outbox.models import Mail

ALEXANDRA = "alexandra@gramont-services.example"
BOUNCES = "bounces@bureautique-lafayette.example"
UNKNOWN = "550 5.1.1 User unknown"

_number = count(1)


def mails_leave(*, now: datetime) -> None:
    """What is owed to customers is written and has left, without a mail server."""
    mailing.write_due(now=now)
    owed = Mail.objects.filter(state=Mail.State.OWED).exclude(kind="office")
    owed.update(state=Mail.State.SENT, sent_at=now)


def a_bounce(
    mail: Mail,
    *,
    to: str = BOUNCES,
    said: str = UNKNOWN,
    action: str = "failed",
    address: str = "",
    with_id: bool = True,
) -> bytes:
    """A delivery status about a mail, sent to `to`; the server's words begin with two codes."""
    returned = f"Message-ID: {mail.message_id}\n" * with_id
    return f"""Return-Path: <>
Delivered-To: {to}
From: MAILER-DAEMON@mx.client.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn-{next(_number)}@mx.client.example>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain; charset=utf-8

This is the mail system.
--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.client.example

Final-Recipient: rfc822; {address or mail.to}
Action: {action}
Status: {said.split()[1]}
Diagnostic-Code: smtp; {said}

--=_b
Content-Type: text/rfc822-headers

{returned}Subject: something

--=_b--
""".encode()


def a_reply(
    words: str,
    *,
    answers: Mail | None = None,
    sender: str = f"Alexandra Morel <{ALEXANDRA}>",
    subject: str = "RE: Relevé compteurs",
    files: Mapping[str, bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """What a person writes."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "releves@bureautique-lafayette.example"
    message["Subject"] = subject
    message["Message-ID"] = f"<reply-{next(_number)}@gramont-services.example>"
    if answers is not None:
        message["In-Reply-To"] = message["References"] = answers.message_id
    for header, value in (headers or {}).items():
        message[header] = value
    message.set_content(words)
    for name, content in (files or {}).items():
        message.add_attachment(content, "image", "jpeg", filename=name)
    return message.as_bytes()


def a_nest(depth: int = 5_000) -> bytes:
    """Parts within parts, deeper than any program reads."""
    parts = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
        for level in range(depth)
    )
    return f"From: {ALEXANDRA}\nSubject: nest\nMessage-ID: <nest@x.example>\n".encode() + parts
