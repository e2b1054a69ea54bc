"""The mail server: one connection kept open, and what its answers mean.

`smtplib` itself, not Django's backend: we need the reply to each mail, a time limit for the
connection apart from the one for each command, and one connection for many mails, reopened when lost.
"""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from django.conf import settings

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
COMMAND_SECONDS = 30.0
ONE_BY_ONE = 432
"""« Concurrent connections limit exceeded », says Exchange Online."""

WHOLE_LINE = {421, ONE_BY_ONE}
"""Replies of a server that closes the conversation, whoever the mail is for."""

TOO_MANY = re.compile(
    r"too (many|much|fast)|rate[ -]?limit|throttl|slow(ing)? down|quota|limit (has been )?(exceeded|reached)"
    r"|exceed\w* .{0,40}limit|\b4\.7\.(28|66|500)\b|\b4\.3\.2\b",
    re.IGNORECASE,
)
"""How the large receivers say that they were sent too much at once."""

MOST_DROPS = 3
"""Connections lost in a row, after which the server is left alone for a while."""


class Unreachable(Exception):
    """No mail can be handed over at present, whichever it is."""


class PutOff(Exception):
    """This mail did not pass now; another time it may."""


class TooMany(PutOff):
    """The server wants less at once: of everybody's mail (`whole`), or of this recipient's."""

    def __init__(self, said: str, *, whole: bool, one_by_one: bool) -> None:
        super().__init__(said)
        self.whole = whole
        self.one_by_one = one_by_one


class Refused(Exception):
    """The server will never take this mail."""


class _CopiesHoldUp(Exception):
    """The conversation broke off over somebody who only gets a copy."""


class _HungUp(Exception):
    """The server had ended the conversation since the last mail: nothing of this one was said."""


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    username: str = ""
    password: str = ""
    use_ssl: bool = False
    use_tls: bool = False
    connect_seconds: float = CONNECT_SECONDS
    command_seconds: float = COMMAND_SECONDS


def server() -> Server:
    """The server of this installation (RELEVEUR_SMTP_URL)."""
    options: dict[str, Any] = settings.SMTP
    return Server(**options)


def reach(to: Server) -> None:
    """Open a conversation as a worker does, and end it without a mail.

    :raises Unreachable: nobody answers, or does not let us in
    """
    with Line(to) as line:
        line.open()


class Line:
    """A conversation with the server, begun by the first mail and begun again when it breaks off."""

    def __init__(self, to: Server) -> None:
        self._server = to
        self._smtp: smtplib.SMTP | None = None
        self._drops = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._smtp:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
            self._hang_up()

    def open(self) -> None:
        """:raises Unreachable: nobody answers, or does not let us in"""
        self._connect()

    def send(self, sender: str, to: str, copies: Sequence[str], message: bytes) -> None:
        """Hand one mail over; an address that only gets a copy never holds up nor fails it.

        :raises Refused: refused for good (5xx)
        :raises PutOff: refused for now (4xx), or the conversation broke off
        :raises Unreachable: nobody answers, or does not let us in
        """
        try:
            self._send(sender, to, copies, message)
        except _HungUp:
            self._hang_up()
            self._send(sender, to, copies, message)
        except _CopiesHoldUp:
            self._hang_up()
            self._send(sender, to, (), message)

    def _send(self, sender: str, to: str, copies: Sequence[str], message: bytes) -> None:
        goes_on = self._smtp is not None
        smtp = self._smtp or self._connect()
        try:
            _begin(smtp, sender, message, goes_on=goes_on)
            _hand_over(smtp, to, copies, message)
        except smtplib.SMTPResponseException as refusal:
            raise _meaning(refusal.smtp_code, refusal.smtp_error) from refusal
        except (smtplib.SMTPException, OSError) as break_off:
            self._drops += 1
            self._hang_up()
            raise PutOff(str(break_off) or type(break_off).__name__) from break_off
        finally:
            if smtp.sock is None:
                self._smtp = None
        self._drops = 0

    def _connect(self) -> smtplib.SMTP:
        if self._drops >= MOST_DROPS:
            raise Unreachable("the server breaks off every conversation")
        try:
            self._smtp = _opened(self._server)
        except (smtplib.SMTPException, OSError) as fault:
            raise Unreachable(str(fault) or type(fault).__name__) from fault
        return self._smtp

    def _hang_up(self) -> None:
        if self._smtp:
            self._smtp.close()
        self._smtp = None


def _begin(smtp: smtplib.SMTP, sender: str, message: bytes, *, goes_on: bool) -> None:
    """The first word of a mail.

    :raises _HungUp: the conversation `goes_on` after another mail, and nobody is there any more
    """
    smtp.ehlo_or_helo_if_needed()
    sized = [f"size={len(message)}"] if smtp.does_esmtp and smtp.has_extn("size") else []
    try:
        answer = smtp.mail(sender, sized)
    except (smtplib.SMTPServerDisconnected, ConnectionError) as end:
        if goes_on:
            raise _HungUp from end
        raise
    _agreed(smtp, answer)


def _hand_over(smtp: smtplib.SMTP, to: str, copies: Sequence[str], message: bytes) -> None:
    """One transaction: the person first; who is refused a copy gets none, and nobody else notices."""
    _agreed(smtp, smtp.rcpt(to))
    for copy in copies:
        _copied(smtp, copy)
    _agreed(smtp, smtp.data(message))


def _agreed(smtp: smtplib.SMTP, answer: tuple[int, bytes]) -> None:
    """:raises SMTPResponseException: the server does not take this; the conversation goes on"""
    code, words = answer
    if code not in (250, 251):
        if code == 421:
            smtp.close()
        else:
            with suppress(smtplib.SMTPServerDisconnected):
                smtp.rset()
        raise smtplib.SMTPResponseException(code, words)


def _copied(smtp: smtplib.SMTP, address: str) -> None:
    try:
        code, words = smtp.rcpt(address)
    except (smtplib.SMTPException, OSError) as break_off:
        raise _CopiesHoldUp from break_off
    if code == 421:
        raise _CopiesHoldUp
    if code not in (250, 251):
        log.warning("no copy of a mail to %s: %s %s", address, code, words.decode(errors="replace"))


def _opened(to: Server) -> smtplib.SMTP:
    smtp = _connected(to)
    try:
        if smtp.sock is not None:
            smtp.sock.settimeout(to.command_seconds)
        if to.use_tls:
            smtp.starttls(context=ssl.create_default_context())
        if to.username:
            smtp.login(to.username, to.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _connected(to: Server) -> smtplib.SMTP:
    """Certificates are verified: by default the library would give the password to anybody."""
    if not to.use_ssl:
        return smtplib.SMTP(to.host, to.port, timeout=to.connect_seconds)
    context = ssl.create_default_context()
    return smtplib.SMTP_SSL(to.host, to.port, timeout=to.connect_seconds, context=context)


def _meaning(code: int, reply: bytes | str) -> Exception:
    """4xx is « not now », 5xx is « never » (RFC 5321, 4.2.1); some of the first mean « slower »."""
    words = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    said = f"{code} {words}"
    if 500 <= code < 600:
        return Refused(said)
    if code in WHOLE_LINE or TOO_MANY.search(words):
        return TooMany(said, whole=code in WHOLE_LINE, one_by_one=code == ONE_BY_ONE)
    return PutOff(said)
