"""Reading what mail servers say of a mail that did not arrive.

Half of them write a delivery status for programs (RFC 3464), the others a letter for people, in the
language of the country. Whatever the shape, three things are asked of it: which address, for good or
for now, and whether the address is at fault or our mail is.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from enum import StrEnum

from releveur.outbox import anatomy
from releveur.outbox.anatomy import Parsed


class Outcome(StrEnum):
    HARD = "HARD"
    """Nobody is there, and nobody will be."""
    SOFT = "SOFT"
    """Not now: a full mailbox, a server that was away for days."""
    POLICY = "POLICY"
    """The address may be right: our mail was not wanted."""
    DELAYED = "DELAYED"
    """Still tried."""
    ARRIVED = "ARRIVED"
    """Delivered, or handed on to a server that says no more."""


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    address: str
    code: str = ""
    """`5.1.1`, or `550` where the server knows no better; empty where it says none."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    verdicts: tuple[Verdict, ...]
    message_ids: tuple[str, ...] = ()
    """Those in the part that was sent back."""

    @property
    def failed(self) -> tuple[Verdict, ...]:
        passing = (Outcome.DELAYED, Outcome.ARRIVED)
        return tuple(one for one in self.verdicts if one.outcome not in passing)


LONGEST_WORDS = 400

_STATUS = {"message/delivery-status", "message/global-delivery-status"}

_POSTMASTER = re.compile(
    r"^(mailer-?daemon|postmaster|mail-?daemon|microsoftexchange\w*)@", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"undeliver|non ?remis|non distribu|[ée]chec (de|d['’])|delivery (status|failure|has failed|report)"
    r"|failure notice|delivery failed|returned (mail|to sender)|mail (delivery|system error)"
    r"|unzustellbar|nicht zugestellt|delivery delay|delayed mail|message .{1,60} delayed|could not send|onbestelbaar",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"delayed|still being retried|will be retried|not yet been delivered|could not send message for"
    r"|warning message only|no action is required|retard[ée]|verz[öo]ger|nouvelle tentative",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(
    r"giv(en|ing) up|permanent|abandon|retry time(out)? exceeded|expired", re.IGNORECASE
)
_FULL = re.compile(
    r"quota|mailbox (is )?full|full mailbox|bo[iî]te .{0,30}(pleine|satur)|insufficient (system )?storage"
    r"|mailbox .{0,20}(exceed|size limit)|out of storage|storage (limit|space)|postfach .{0,20}voll",
    re.IGNORECASE,
)
_WHO = r"(user|recipient|mailbox|account|address|adresse|destinataire|bo[iî]te|empf(ä|ae?)nger)"
_NOBODY = re.compile(
    r"(unknown|no such|invalid|inactive|non-?existent) (user|recipient|mailbox|account|address|person)"
    rf"|{_WHO}\b.{{0,60}}?(not found|unknown|not exist|n.t exist|inconnu|n['’ ]existe|invalid|disabled"
    r"|d[ée]sactiv|no longer|not listed|archiv|inactiv|unavailable|unbekannt|access denied)"
    r"|recipientnotfound|unrout(e)?able (mail )?(address|domain)|not our customer|doesn.t have a"
    r"|no mailbox here|account that you tried to reach|(host|domain).{0,40}(not found|not exist|n.t exist)"
    r"|couldn.t find any host|name or service not known|rejected: (nobody|not) here",
    re.IGNORECASE,
)
_OF_US = re.compile(r"sender (address|domain|verif|not|is un|denied|rejected)", re.IGNORECASE)
_UNWANTED = re.compile(
    r"spam|junk|black ?list|block(ed|ing)? ?list|listed (by|at|in|on)|\bblocked\b|reputation|policy"
    r"|dmarc|\bspf\b|dkim|unauthenticated|not authenticated|content|virus|rejet[ée]|restrict"
    r"|not authorized|permission|size (limit|exceed)|too (large|big)|refused by",
    re.IGNORECASE,
)
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_BASIC = re.compile(r"(?<![\d.,:\[-])([45]\d\d)(?=[\s,:;)#-])")
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
_MESSAGE_ID = re.compile(r"^\s*Message-Id:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
_SENT_BACK = re.compile(
    r"^.{0,8}(this is a copy of|below this line is|original message|message (source|original)"
    r"|(message )?headers? (of|follow)|en-t[êe]tes|copie du message|text follows|content of the returned"
    r"|return-path:|received:|unsent message|your message (reads|was)|received message follows)",
    re.IGNORECASE | re.MULTILINE,
)

_DEAD_CODES = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4", "5.4.310"}
_FULL_CODES = {"4.2.2", "5.2.2", "4.3.1", "5.3.1"}
_UNWANTED_CODES = ("5.7.", "4.7.", "5.6.", "5.1.7", "5.1.8", "5.2.3", "5.3.4")


def read(message: Parsed) -> Report | None:
    """What a message says of mails that were sent; None: it speaks of something else."""
    verdicts = tuple(_by_status(message))
    if not verdicts:
        if not _speaks_of_delivery(message):
            return None
        verdicts = tuple(_by_words(message))
    return Report(verdicts, tuple(dict.fromkeys(_message_ids(message))))


def is_complaint(message: Parsed) -> bool:
    """Somebody pressed « this is spam » (RFC 5965)."""
    return _reports(message) == "feedback-report"


def is_read_receipt(message: Parsed) -> bool:
    """A program says that the mail was shown (RFC 8098)."""
    return _reports(message) == "disposition-notification"


def outcome(code: str, words: str) -> Outcome:
    """What a final refusal means: its words first, for many servers have one code for everything.

    >>> outcome("5.0.0", "550 5.0.0 <bob@client.example>... User unknown").value
    'HARD'
    >>> outcome("5.2.2", "552 mailbox full").value, outcome("5.7.1", "listed by zen").value
    ('SOFT', 'POLICY')
    """
    unwanted = code.startswith(_UNWANTED_CODES)
    if code in _FULL_CODES or _FULL.search(words):
        return Outcome.SOFT
    if code.startswith("4"):
        return Outcome.POLICY if unwanted and _UNWANTED.search(words) else Outcome.SOFT
    nobody = _NOBODY.search(words) and not unwanted and not _OF_US.search(words)
    if code in _DEAD_CODES or nobody:
        return Outcome.HARD
    if unwanted or _UNWANTED.search(words) or _OF_US.search(words):
        return Outcome.POLICY
    return Outcome.SOFT


def _by_status(message: Parsed) -> Iterator[Verdict]:
    """Of the part that is made for programs: one verdict for each recipient it names."""
    for part in anatomy.parts(message):
        if part.get_content_type() in _STATUS:
            for block in _blocks(part):
                if anatomy.header(block, "Action"):
                    yield _of_block(block, anatomy.words(message))


def _blocks(part: Parsed) -> list[Parsed]:
    """The blocks of headers; where the status is encoded, which it must not be, or of the newer kind
    for addresses of any letters (RFC 6533), the library leaves them in one piece.
    """
    inner = part.get_payload()
    blocks = [block for block in inner if isinstance(block, Message)] if part.is_multipart() else []
    if any(anatomy.header(block, "Action") for block in blocks):
        return blocks
    _headers, _blank, body = part.as_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")
    if anatomy.header(part, "Content-Transfer-Encoding").lower() == "base64":
        body = b64decode(body + b"==")
    return [anatomy.headers_only(block) for block in body.split(b"\n\n") if block.strip()]


def _of_block(block: Parsed, letter: str) -> Verdict:
    said = anatomy.header(block, "Diagnostic-Code").partition(";")[2].strip()
    status = anatomy.header(block, "Status").split(" ")[0]
    address = _address(block, "Final-Recipient") or _address(block, "Original-Recipient")
    words = said or _telling(letter)
    code = _code(words, status)
    match anatomy.header(block, "Action").lower().split(" ")[0]:
        case "failed":
            found = outcome(code, words)
        case "delayed":
            found = Outcome.DELAYED
        case _:
            found = Outcome.ARRIVED
    return Verdict(found, address, code, words[:LONGEST_WORDS])


def _address(block: Parsed, name: str) -> str:
    """`rfc822;bob@client.example`, `<bob@client.example>`, and what stands beside it."""
    found = _ADDRESS.search(anatomy.header(block, name).partition(";")[2])
    return found[0] if found else ""


def _code(words: str, status: str) -> str:
    """The server's own code beats a status that says nothing."""
    vague = not _ENHANCED.fullmatch(status) or status.endswith(".0.0")
    if vague and (own := _ENHANCED.search(words)) and own[1][0] != "2":
        return own[1]
    if not vague or _ENHANCED.fullmatch(status):
        return status
    basic = _BASIC.search(f"{words} ")
    return basic[1] if basic else ""


def _speaks_of_delivery(message: Parsed) -> bool:
    if anatomy.header(message, "X-Failed-Recipients"):
        return True
    if _reports(message) == "delivery-status":
        return True
    senders = anatomy.addresses(message, "From")
    by_program = any(_POSTMASTER.match(one) for one in senders)
    nobody = anatomy.header(message, "Return-Path") == "<>"
    return (by_program or nobody) and bool(_SUBJECT.search(anatomy.header(message, "Subject")))


def _by_words(message: Parsed) -> Iterator[Verdict]:
    """Of a letter for people: the address that it names, and the line that says why."""
    letter = anatomy.words(message)
    cut = _SENT_BACK.search(letter)
    said = letter[: cut.start()] if cut and cut.start() else letter
    words = _telling(said)
    code = _code(words, "")
    subject = anatomy.header(message, "Subject")
    late = _DELAY.search(f"{subject} {said}") and not _GIVEN_UP.search(f"{subject} {said}")
    found = Outcome.DELAYED if late else outcome(code, words)
    for address in _named(message, said):
        yield Verdict(found, address, code, words[:LONGEST_WORDS])


def _named(message: Parsed, said: str) -> list[str]:
    """Whom it is about; not the program that writes, nor ourselves whom it writes to."""
    failed = anatomy.header(message, "X-Failed-Recipients")
    if listed := _ADDRESS.findall(failed):
        return list(dict.fromkeys(listed))
    involved = {
        one.casefold()
        for one in anatomy.addresses(message, "From", "To", "Delivered-To", "Reply-To")
    }
    others = [one for one in _ADDRESS.findall(said) if one.casefold() not in involved]
    others = [one for one in others if not _POSTMASTER.match(one)]
    return others[:1] or [""]


def _telling(letter: str) -> str:
    """The lines that say why, and the line after each: servers wrap."""
    lines = [" ".join(line.split()) for line in letter.split("\n")]
    for tells in (_says_code, _says_why):
        for number, line in enumerate(lines):
            if tells(line):
                return " ".join(filter(None, lines[number : number + 3]))[:LONGEST_WORDS]
    return " ".join(filter(None, lines))[:LONGEST_WORDS]


def _says_code(line: str) -> bool:
    return bool(_BASIC.search(f"{line} ") or _ENHANCED.search(line))


def _says_why(line: str) -> bool:
    return any(known.search(line) for known in (_FULL, _NOBODY, _UNWANTED))


def _message_ids(message: Parsed) -> Iterator[str]:
    """Of the message that came back: attached whole, as headers, or copied below the letter."""
    for part in anatomy.parts(message):
        match part.get_content_type():
            case (
                "message/rfc822"
                | "message/rfc822-headers"
                | "text/rfc822-headers"
                | "message/global"
                | "message/global-headers"
            ):
                inner = part.get_payload()
                first = inner[0] if isinstance(inner, list) and inner else None
                if isinstance(first, Message):
                    yield from filter(None, [anatomy.header(first, "Message-ID")])
                else:
                    yield from _MESSAGE_ID.findall(anatomy.text(part))
            case "text/plain":
                yield from _MESSAGE_ID.findall(anatomy.text(part))


def _reports(message: Parsed) -> str:
    if message.get_content_type() != "multipart/report":
        return ""
    return str(message.get_param("report-type") or "").lower()
