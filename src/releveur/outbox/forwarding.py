"""The files of a message that arrived, in the mail that forwards it."""

from __future__ import annotations

from releveur.outbox import anatomy, mime, sealing
from releveur.outbox.anatomy import Attachment
from releveur.outbox.models import Arrived, Mail

MOST_BYTES = 8_000_000
"""Encoded, a third more: what nearly every mail server still takes."""

MOST_FILES = 20

WHOLE = "message.eml"
"""What cannot be read is forwarded as it came."""


def files(mail: Mail) -> list[bytes]:
    """The files of the message that this mail forwards, as parts of it; none where it forwards nothing."""
    if mail.forwards is None:
        return []
    return [_part(one) for one in _fitting(mail.forwards)[0]]


def _part(one: Attachment) -> bytes:
    main, _slash, sub = one.kind.partition("/")
    if main in {"text", "message", "multipart"} or not (main and sub):
        main, sub = "application", "octet-stream"
    return mime.file(one.content, main, sub, filename=one.name)


def too_many(arrived: Arrived) -> list[str]:
    """The names of the files that stay with us, for they would not pass."""
    return _fitting(arrived)[1]


def _fitting(arrived: Arrived) -> tuple[list[Attachment], list[str]]:
    left, taken, too_large = MOST_BYTES, list[Attachment](), list[str]()
    for one in _files(arrived):
        if len(one.content) > left or len(taken) >= MOST_FILES:
            too_large.append(one.name)
        else:
            taken.append(one)
            left -= len(one.content)
    return taken, too_large


def _files(arrived: Arrived) -> list[Attachment]:
    try:
        raw = sealing.opened(arrived.sealed)
    except sealing.CannotBeOpened:
        return []
    if not arrived.whole:
        return []
    if arrived.state == Arrived.State.FAILED or arrived.fault:
        return [Attachment(WHOLE, "application/octet-stream", raw)]
    return anatomy.attachments(anatomy.parsed(raw))
