"""A row of the outbox as it goes over the wire: headers, two parts, and the link's key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr
from functools import lru_cache

from django.conf import settings

from releveur.dealer import branding
from releveur.outbox import forwarding, keys, mime, return_path
from releveur.outbox.models import Mail

LOGO = "logo@releveur"
"""The dealer's logo travels with the mail: nothing is loaded from elsewhere."""


NO_MORE = "/ne-plus-ecrire/"
"""Where a person says that she wants no more of these mails, before the key of her link."""

CALENDAR = "rendez-vous.ics"
_METHOD = re.compile(r"^METHOD:([A-Z]+)\r?$", re.MULTILINE)

OF_THE_OFFICE = {"office", "to_dealer"}
"""Kinds of mail that stay in the house."""


def compose(mail: Mail, *, date: datetime) -> bytes:
    """The whole message; the same row gives the same Message-ID whenever it is sent.

    :param date: what the header Date says
    :raises ValueError: an address, a header or a calendar entry no message can hold
    """
    head = [
        _from(mail.sender),
        _to(mail.to),
        mime.folded("Cc", copied) if (copied := copies(mail)) else b"",
        mime.worded("Subject", mail.subject),
        f"Date: {format_datetime(date)}\r\n".encode(),
        *_headers(mail, mail.reply_to or _mailbox(mail.sender)[1]),
        b"MIME-Version: 1.0\r\n",
    ]
    return b"".join(head) + _body(mail)


def _body(mail: Mail) -> bytes:
    shown = mime.text("html", _filled(mail, mail.html))
    if f"cid:{LOGO}" in mail.html and (logo := branding.logo()):
        shown = mime.together("related", [shown, _logo(logo)])
    parts = [mime.text("plain", _filled(mail, mail.text)), shown]
    files = forwarding.files(mail)
    if mail.calendar:
        # Twice, as mail programs want it: the last alternative is what they show with its buttons,
        # the attachment is what the others open.
        parts.append(mime.text("calendar", mail.calendar, parameters=_method(mail.calendar)))
        files.insert(0, mime.file(
            mail.calendar.encode(), "application", "ics", filename=CALENDAR
        ))  # fmt: skip
    said = mime.together("alternative", parts)
    return mime.together("mixed", [said, *files]) if files else said


def envelope(mail: Mail) -> tuple[str, str, list[str]]:
    """Sender, recipient and who gets a copy, as the server is told them: domains in ASCII.

    :raises ValueError: an address whose local part is not ASCII
    """
    copied = [one.addr_spec for one in copies(mail)]
    sender = return_path.of(mail) or _ascii(_mailbox(mail.sender)[1])
    return sender, _ascii(mail.to), copied


def copies(mail: Mail) -> list[Address]:
    """Who gets a copy; what no message can hold is left out, for the mail goes to the person first."""
    found: dict[str, Address] = {}
    if not mail.copy_to:
        return []
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


def _headers(mail: Mail, mailbox: str) -> Iterator[bytes]:
    yield mime.unfolded("Message-ID", mail.message_id)
    if mail.in_reply_to:
        yield mime.unfolded("In-Reply-To", mail.in_reply_to)
        yield mime.unfolded("References", mail.in_reply_to)
    if to := _replies_to(mail):
        yield mime.folded_once("Reply-To", to)
    yield b"Auto-Submitted: auto-generated\r\n"
    yield b"X-Auto-Response-Suppress: All\r\n"
    if ways := _ways_out(mail, mailbox):
        yield mime.unfolded("List-Unsubscribe", ways)
    if mail.language:
        yield mime.folded_once("Content-Language", mail.language)


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


def _method(calendar: str) -> str:
    method = _METHOD.search(calendar)
    if method is None:
        raise ValueError("a calendar entry that goes by mail says its method")
    return f'; method="{method[1]}"'


@lru_cache(maxsize=2)
def _logo(picture: bytes) -> bytes:
    return mime.file(picture, "image", "png", disposition="inline", cid=f"<{LOGO}>")


@lru_cache(maxsize=64)
def _mailbox(sender: str) -> tuple[str, str]:
    return parseaddr(sender)


@lru_cache(maxsize=64)
def _from(sender: str) -> bytes:
    """An installation has one sender."""
    name, address = _mailbox(sender)
    return mime.folded("From", [_address(address, name)])


def _to(address: str) -> bytes:
    reached = _ascii(address)
    return mime.folded("To", reached if mime.is_short_address(reached) else [_address(address)])


def _filled(mail: Mail, body: str) -> str:
    if mail.key_uuid is None or mail.key_version is None:
        return body
    link = mail.key_uuid, mail.key_version
    if keys.PLACEHOLDER in body:
        body = body.replace(keys.PLACEHOLDER, keys.make(*link, hashed_as=mail.key_hash))
    if keys.CODE_PLACEHOLDER in body:
        body = body.replace(keys.CODE_PLACEHOLDER, keys.code(*link, hashed_as=mail.key_hash))
    return body


def _address(address: str, name: str = "") -> Address:
    return Address(display_name=name, addr_spec=_ascii(address))


def _ascii(address: str) -> str:
    local, _at, domain = address.rpartition("@")
    if not (local.isascii() and local and domain):
        raise ValueError(f"no mail can be sent to {address!r}")
    return f"{local}@{domain.encode('idna').decode()}"
