"""What a message from outside is made of, whatever is broken in it: headers, words, attachments.

An unknown charset, a header that is none, a part that ends early are read as well as can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from html.parser import HTMLParser
from itertools import islice

MOST_PARTS = 200
LONGEST_TEXT = 200_000

type Parsed = Message[str, str]

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BLANK = re.compile(r"\n\s*\n\s*\n+")
_FILE_NAME = re.compile(r"[^\w .()+-]+")


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    kind: str
    """`image/jpeg`."""

    content: bytes


def parsed(raw: bytes) -> Parsed:
    """:raises RecursionError: parts within parts within parts, as no person sends them"""
    return message_from_bytes(raw)


def headers_only(raw: bytes) -> Parsed:
    """The message with its body unread: whatever is in that, this much is known."""
    return BytesHeaderParser().parsebytes(raw)


def header(message: Parsed, name: str) -> str:
    """One line of decoded text; empty where there is none."""
    return next(iter(headers(message, name)), "")


def headers(message: Parsed, name: str) -> list[str]:
    """All headers of that name, from the top."""
    found = (value for known, value in message.raw_items() if known.lower() == name.lower())
    return [_decoded(str(value)) for value in found]


def addresses(message: Parsed, *names: str) -> list[str]:
    """The addresses in these headers, as they are written."""
    said = [value for name in names for value in headers(message, name)]
    return [address for _name, address in getaddresses(said, strict=False) if "@" in address]


def parts(message: Parsed) -> Iterator[Parsed]:
    """The message and what is in it, a message within it included; not more than anybody writes."""
    return islice(message.walk(), MOST_PARTS)


def own_parts(message: Parsed) -> Iterator[Parsed]:
    """The same without what is in a message that is attached."""
    if message.is_multipart() and message.get_content_maintype() == "multipart":
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from own_parts(part)
    else:
        yield message


def words(message: Parsed) -> str:
    """What the message says to a person: its plain text, else its HTML without the marks."""
    shown = [part for part in islice(own_parts(message), MOST_PARTS) if not _is_file(part)]
    for kind, read in (("text/plain", _plain), ("text/html", _stripped)):
        said = [read(text(part)) for part in shown if part.get_content_type() == kind]
        if joined := "\n".join(filter(None, said)).strip():
            return joined[:LONGEST_TEXT]
    return ""


def attachments(message: Parsed) -> list[Attachment]:
    """Its files, pictures within the text included; names as a disk may have them."""
    files = [part for part in islice(own_parts(message), MOST_PARTS) if _is_file(part)]
    return [
        Attachment(_file_name(part, number), part.get_content_type(), _content(part))
        for number, part in enumerate(files, 1)
    ]


def text(part: Parsed) -> str:
    """The text of a part in whichever charset it is, or says it is."""
    content = _content(part)
    for charset in (part.get_content_charset() or "utf-8", "utf-8", "cp1252"):
        try:
            return content.decode(charset)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return content.decode("latin-1")


def _content(part: Parsed) -> bytes:
    if part.get_content_maintype() == "message":
        return b"\n".join(
            inner.as_bytes() for inner in part.get_payload() if isinstance(inner, Message)
        )
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _is_file(part: Parsed) -> bool:
    said = part.get_content_disposition() == "attachment" or part.get_filename()
    return bool(said) or part.get_content_maintype() not in {"text", "multipart"}


def _file_name(part: Parsed, number: int) -> str:
    """No path, no sign that another program takes for one; the kind of an unnamed part from its type."""
    said = _decoded(str(part.get_filename() or "")).replace("\\", "/").rpartition("/")[2]
    name = " ".join(_FILE_NAME.sub(" ", said).split()).strip(". ")
    return name[-80:] or f"{number}.{part.get_content_subtype()[:10]}"


def _decoded(value: str) -> str:
    """Encoded words read, one line, nothing that no table holds."""
    said = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    with suppress(HeaderParseError, LookupError, UnicodeError, ValueError):
        said = str(make_header(decode_header(said)))
    return " ".join(_UNSEEN.sub(" ", said).split())


def _plain(said: str) -> str:
    lines = said.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    return _BLANK.sub("\n\n", _UNSEEN.sub("", lines)).strip()


def _stripped(html: str) -> str:
    reader = _Reader()
    reader.feed(html[:LONGEST_TEXT])
    reader.close()
    return _plain("".join(reader.said))


class _Reader(HTMLParser):
    """Text of a page, a line for each block."""

    BLOCKS = {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "blockquote", "table"}
    SILENT = {"style", "script", "head", "title"}

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self.SILENT
        if tag in self.BLOCKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self.SILENT and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(" ".join(data.split()) + " " if data.strip() else " ")
