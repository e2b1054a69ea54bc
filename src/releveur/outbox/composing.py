"""A row of the outbox as it goes over the wire: headers, two parts, and the link's key."""

from __future__ import annotations

import re
from datetime import datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parseaddr

from django.conf import settings

from releveur.dealer import branding
from releveur.outbox import forwarding, keys, return_path
from releveur.outbox.models import Mail

NEVER_FOLDED = {"message-id", "in-reply-to", "references", "list-unsubscribe"}
"""Folding would break a long message id in encoded words that nobody recognises."""


LOGO = "logo@releveur"
"""The dealer's logo travels with the mail: nothing is loaded from elsewhere."""


NO_MORE = "/ne-plus-ecrire/"
"""Where a person says that she wants no more of these mails, before the key of her link."""

CALENDAR = "rendez-vous.ics"
_METHOD = re.compile(r"^METHOD:([A-Z]+)\r?$", re.MULTILINE)

OF_THE_OFFICE = {"office", "to_dealer"}
"""Kinds of mail that stay in the house."""


class _Policy(EmailPolicy):
    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in NEVER_FOLDED:
            return f"{name}: {value}\r\n".encode()
        if name.lower() == "subject":
            # Encoded as a whole: word by word, the library doubles the space before an encoded word.
            encoded = Header(str(value), "utf-8", header_name=name).encode(linesep="\r\n")
            return f"{name}: {encoded}\r\n".encode()
        return super().fold_binary(name, value)


class _Headers(HeaderRegistry):
    """The library makes a class anew for each header of each mail."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, type] = {}

    def __getitem__(self, name: str) -> type:
        key = name.lower()
        if key not in self._made:
            self._made[key] = super().__getitem__(key)
        return self._made[key]


_POLICY = _Policy(linesep="\r\n", header_factory=_Headers())


def compose(mail: Mail, *, date: datetime) -> bytes:
    """The whole message; the same row gives the same Message-ID whenever it is sent.

    :param date: what the header Date says
    :raises ValueError: an address, a header or a calendar entry no message can hold
    """
    name, sender = parseaddr(mail.sender)
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(sender, name)
    message["To"] = _address(mail.to)
    if copied := copies(mail):
        message["Cc"] = copied
    message["Subject"] = mail.subject
    message["Date"] = date
    for header, value in _headers(mail, mail.reply_to or sender).items():
        if value:
            message[header] = value
    # Quoted-printable keeps any line short and needs nothing of the servers on the way.
    message.set_content(_filled(mail, mail.text), cte="quoted-printable")
    message.add_alternative(_filled(mail, mail.html), subtype="html", cte="quoted-printable")
    if f"cid:{LOGO}" in mail.html and (logo := branding.logo()):
        html = message.get_payload(1)
        assert isinstance(html, EmailMessage)
        html.add_related(logo, "image", "png", cid=f"<{LOGO}>", disposition="inline")
    if mail.calendar:
        _add_calendar(message, mail.calendar)
    forwarding.attach(message, mail)
    return message.as_bytes()


def envelope(mail: Mail) -> tuple[str, str, list[str]]:
    """Sender, recipient and who gets a copy, as the server is told them: domains in ASCII.

    :raises ValueError: an address whose local part is not ASCII
    """
    copied = [one.addr_spec for one in copies(mail)]
    sender = return_path.of(mail) or _ascii(parseaddr(mail.sender)[1])
    return sender, _ascii(mail.to), copied


def copies(mail: Mail) -> list[Address]:
    """Who gets a copy; what no message can hold is left out, for the mail goes to the person first."""
    found: dict[str, Address] = {}
    for address in map(str.strip, mail.copy_to.split(",")):
        try:
            one = _address(address)
        except (ValueError, IndexError, MessageError):
            continue
        found.setdefault(one.addr_spec.casefold(), one)
    found.pop(_ascii(mail.to).casefold(), None)
    return list(found.values())


def no_more_link() -> str:
    """The address of the page on which a person says that she wants no more mails, its key to fill."""
    return f"{settings.SITE_URL}{NO_MORE}{keys.PLACEHOLDER}"


def _headers(mail: Mail, mailbox: str) -> dict[str, str]:
    return {
        "Message-ID": mail.message_id,
        "In-Reply-To": mail.in_reply_to,
        "References": mail.in_reply_to,
        "Reply-To": _replies_to(mail),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Unsubscribe": _ways_out(mail, mailbox),
        "Content-Language": mail.language,
    }


def _replies_to(mail: Mail) -> str:
    """The mailbox that we read ourselves, where the installation has one; the office answers customers."""
    return mail.reply_to if mail.kind in OF_THE_OFFICE else settings.REPLIES_TO or mail.reply_to


def _ways_out(mail: Mail, mailbox: str) -> str:
    """The page, where the mail itself shows it, and an address.

    Never with the header for one click: scanners press it, and these mails belong to a contract. The
    office does not opt out of its own news.
    """
    if mail.kind in OF_THE_OFFICE:
        return ""
    by_mail = f"<mailto:{mailbox}?subject=unsubscribe>"
    if (link := no_more_link()) not in mail.html:
        return by_mail
    return f"<{_filled(mail, link)}>, {by_mail}"


def _add_calendar(message: EmailMessage, calendar: str) -> None:
    """Twice, as mail programs want it: the last alternative is what they show with its buttons, the
    attachment is what the others open.
    """
    method = _METHOD.search(calendar)
    if method is None:
        raise ValueError("a calendar entry that goes by mail says its method")
    parameters = {"method": method[1]}
    message.add_alternative(calendar, subtype="calendar", cte="quoted-printable", params=parameters)
    message.add_attachment(calendar.encode(), "application", "ics", filename=CALENDAR)


def _filled(mail: Mail, body: str) -> str:
    if mail.key_uuid is None or mail.key_version is None:
        return body
    link = mail.key_uuid, mail.key_version
    body = body.replace(keys.PLACEHOLDER, keys.make(*link, hashed_as=mail.key_hash))
    return body.replace(keys.CODE_PLACEHOLDER, keys.code(*link, hashed_as=mail.key_hash))


def _address(address: str, name: str = "") -> Address:
    return Address(display_name=name, addr_spec=_ascii(address))


def _ascii(address: str) -> str:
    local, _at, domain = address.rpartition("@")
    if not (local.isascii() and local and domain):
        raise ValueError(f"no mail can be sent to {address!r}")
    return f"{local}@{domain.encode('idna').decode()}"
