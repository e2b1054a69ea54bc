"""A message as the wire wants it (RFC 5322, 2045, 2047), put together from bytes.

The library's own message takes two milliseconds of a processor for each mail of thousands. It still
folds every header that needs it, and encodes every file; what mails have in common is made once.
"""

from __future__ import annotations

import re
import secrets
from binascii import b2a_qp
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import MIMEPart
from email.policy import SMTP
from functools import lru_cache
from string import ascii_letters, digits

_SHORT_ADDRESS = re.compile(
    r"(?=.{3,66}\Z)[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@[a-z0-9-]+(\.[a-z0-9-]+)*",
    re.ASCII | re.IGNORECASE,
)

_AS_THEY_ARE = frozenset(ascii_letters + digits + "!*+-/")
"""RFC 2047, 5 (3): what programs of any age read."""

_BEGINS, _ENDS = "=?utf-8?q?", "?="
_LONGEST_WORD = 75
"""RFC 2047, 2: of an encoded word, what begins and ends it included."""

_LONGEST_LINE = 76


def folded(name: str, value: str | Sequence[Address]) -> bytes:
    """A header as the library folds it.

    :raises ValueError: a value that would become two headers, or an address that is none
    """
    if isinstance(value, str) and is_short_address(value):
        return f"{name}: {value}\r\n".encode()
    header = SMTP.header_factory(name, _one_line(value) if isinstance(value, str) else value)
    return bytes(SMTP.fold_binary(name, header))


@lru_cache(maxsize=256)
def folded_once(name: str, value: str) -> bytes:
    """The same, for a header that mails have in common."""
    return folded(name, value)


def unfolded(name: str, value: str) -> bytes:
    """A header that stays on its line: folding would break a long message id in words nobody recognises.

    :raises ValueError: a value that would become two headers
    """
    return f"{name}: {_one_line(value)}\r\n".encode()


def worded(name: str, value: str) -> bytes:
    """A header of words, encoded as a whole: encoded word by word, spaces double or get lost.

    :raises ValueError: a value that would become two headers
    """
    words, room = [""], _LONGEST_LINE - len(f"{name}: ")
    for letter in _one_line(value):
        code = _code(letter)
        if len(_BEGINS + words[-1] + code + _ENDS) > min(room, _LONGEST_WORD):
            words.append("")
            room = _LONGEST_WORD
        words[-1] += code
    encoded = "\r\n ".join(f"{_BEGINS}{word}{_ENDS}" for word in words)
    return f"{name}: {encoded}\r\n".encode()


def text(kind: str, content: str, *, parameters: str = "") -> bytes:
    """A part to read, in quoted-printable: any line gets short, and nothing is needed of servers on the way.

    :param kind: of the text, e.g. `html`
    """
    head = (
        f'Content-Type: text/{kind}; charset="utf-8"{parameters}\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    lines = content.encode().splitlines()
    return head.encode() + b2a_qp(b"\n".join([*lines, b""])).replace(b"\n", b"\r\n")


def file(
    content: bytes,
    main: str,
    sub: str,
    *,
    disposition: str = "attachment",
    filename: str | None = None,
    cid: str | None = None,
) -> bytes:
    """A part that is a file of this type.

    :param cid: what the HTML shows it by
    """
    part = MIMEPart(policy=SMTP)
    part.set_content(content, main, sub, disposition=disposition, filename=filename, cid=cid)
    return part.as_bytes()


def together(kind: str, parts: Sequence[bytes]) -> bytes:
    """Several parts as one, e.g. `alternative`."""
    # Quoted-printable and base64 never hold "=_" (RFC 2045, 6.7): no part is cut in two by its own words.
    between = f"=_{secrets.token_hex(12)}"
    head = f'Content-Type: multipart/{kind}; boundary="{between}"\r\n\r\n'.encode()
    opens = f"--{between}\r\n".encode()
    return head + b"".join(opens + part + b"\r\n" for part in parts) + f"--{between}--\r\n".encode()


def is_short_address(value: str) -> bool:
    """Whether it stands in a header as it is, on its line."""
    return _SHORT_ADDRESS.fullmatch(value) is not None


def _one_line(value: str) -> str:
    if value.splitlines() not in ([], [value]):
        raise ValueError("a header holds no linefeed nor carriage return")
    return value


@lru_cache(maxsize=1024)
def _code(letter: str) -> str:
    if letter in _AS_THEY_ARE:
        return letter
    return "_" if letter == " " else "".join(f"={byte:02X}" for byte in letter.encode())
