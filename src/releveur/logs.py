"""What the program logs: one line or one JSON object each, and never a key, a code or an address of a person.

The redaction stands in the formatter, after the last word was put in: a library's message and the text of
an exception pass it too.
"""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The request that this thread answers, if any."""

_KEYS = r"(?<=/)(?:r|ne-plus-ecrire|plus-moi|connexion/lien)/"
_REDACTIONS = (
    # Links of mails: whatever follows these addresses.
    (re.compile(rf"({_KEYS})[^\s?#\"'<>]+"), r"\1[key]"),
    # Codes typed by hand: the letters and digits of `outbox.keys.CODE_ALPHABET`.
    (re.compile(r"\b[2-9B-DF-HJKMNP-TV-Z]{4}-?[2-9B-DF-HJKMNP-TV-Z]{4}\b"), "[code]"),
    # Passwords in addresses of servers.
    (re.compile(r"(?<=://)[^\s/:@]*:[^\s/@]*(?=@)"), "[password]"),
    (re.compile(r"[^\s<>\"'(=:,;]+(?:@|%40)[^\s<>\"'),;]+\.[^\s<>\"'),;]+"), "[address]"),
)

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

EXTRAS = ("method", "route", "status", "ms")


def redacted(text: str) -> str:
    """The text without what opens a page or names a person.

    >>> redacted("Not Found: /r/0aB_cdefghijklmnopqr-s?x=1 of a.petit@gramont.example")
    'Not Found: /r/[key]?x=1 of [address]'
    >>> redacted("smtp://desk:secret@mail.example, code 7KQM-X2RD")
    'smtp://[password]@mail.example, code [code]'
    """
    for pattern, instead in _REDACTIONS:
        text = pattern.sub(instead, text)
    return text


class Lines(logging.Formatter):
    """For people: a line, and what an exception says below it, indented; nothing typed makes a line of its own."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802  # named by logging
        """With its zone; `datefmt` is not asked."""
        return (
            datetime.fromtimestamp(record.created, UTC).astimezone().isoformat(" ", "milliseconds")
        )

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # as above
        record.message = _CONTROLS.sub(_spelled, record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  # as above
        return "\n".join(f"  {line}" for line in super().formatException(ei).splitlines())

    def format(self, record: logging.LogRecord) -> str:
        said = super().format(record)
        asked = request_id.get()
        return redacted(f"{said} [{asked}]" if asked else said)


def _spelled(control: re.Match[str]) -> str:
    return control[0].encode("unicode_escape").decode()


def _in_json(control: re.Match[str]) -> str:
    return f"\\u{ord(control[0]):04x}"


class Objects(logging.Formatter):
    """For machines: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if asked := request_id.get():
            said["request_id"] = asked
        said |= {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info:
            said["exception"] = redacted(self.formatException(record.exc_info))
        return _CONTROLS.sub(_in_json, json.dumps(said, ensure_ascii=False))


FORMATTERS = {"line": Lines, "json": Objects}
