"""Mailboxes that are read: IMAP over TLS, or a Maildir. A message leaves it after it was taken in."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

CONNECT_SECONDS = 10.0
COMMAND_SECONDS = 30.0

LARGEST = 15_000_000
"""Bytes of a message that is taken in whole; of a larger one `HEAD`, and it stays, flagged."""
HEAD = 65_536


class Unreachable(Exception):
    """The mailbox cannot be opened at present, or the conversation broke off."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message in the mailbox."""

    name: str
    raw: bytes
    whole: bool


class Mailbox(Protocol):
    def waiting(self, *, limit: int) -> Iterator[Waiting]:
        """The messages that are there, oldest first, one by one."""

    def settle(self, one: Waiting) -> None:
        """Take it away; one that was not read whole stays, flagged, and is not met again."""


@contextmanager
def opened(url: str) -> Iterator[Mailbox]:
    """The mailbox at an address.

    :raises Unreachable: nobody answers, the certificate or the password is wrong, or it broke off
    """
    where = urlsplit(url)
    try:
        if where.scheme == "maildir":
            yield Maildir(Path(unquote(where.path)))
            return
        with _conversation(where) as talk:
            yield Imap(talk)
    except (imaplib.IMAP4.error, OSError) as fault:
        raise Unreachable(str(fault) or type(fault).__name__) from fault


class Maildir:
    """Files in `new` and `cur`, as any mail server writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if not (folder / "new").is_dir():
            raise Unreachable(f"{folder} is no Maildir")

    def waiting(self, *, limit: int) -> Iterator[Waiting]:
        there = [path for part in ("new", "cur") for path in (self._folder / part).iterdir()]
        mine = [path for path in there if "F" not in path.name.partition(":2,")[2]]
        for path in sorted(mine, key=lambda one: one.name)[:limit]:
            with path.open("rb") as file:
                raw = file.read(LARGEST + 1)
            whole = len(raw) <= LARGEST
            yield Waiting(str(path), raw if whole else raw[:HEAD], whole)

    def settle(self, one: Waiting) -> None:
        path = Path(one.name)
        if one.whole:
            path.unlink(missing_ok=True)
        else:
            path.rename(self._folder / "cur" / f"{path.name.partition(':')[0]}:2,FS")


class Imap:
    def __init__(self, talk: imaplib.IMAP4) -> None:
        self._talk = talk

    def waiting(self, *, limit: int) -> Iterator[Waiting]:
        found = self._agreed("SEARCH", "UNDELETED", "UNFLAGGED")
        for uid in (found[0] or b"").split()[:limit] if found else []:
            name = uid.decode()
            sizes = b" ".join(one for one in self._fetched(name, "RFC822.SIZE") if one)
            size = int(sizes.rpartition(b"RFC822.SIZE ")[2].partition(b")")[0].split()[0])
            whole = size <= LARGEST
            what = "BODY.PEEK[]" if whole else f"BODY.PEEK[]<0.{HEAD}>"
            yield Waiting(name, self._literal(name, what), whole)

    def settle(self, one: Waiting) -> None:
        flags = r"(\Deleted)" if one.whole else r"(\Flagged \Seen)"
        self._agreed("STORE", one.name, "+FLAGS.SILENT", flags)
        if not one.whole:
            return
        if "UIDPLUS" in self._talk.capabilities:
            self._agreed("EXPUNGE", one.name)
        else:
            self._talk.expunge()

    def _literal(self, name: str, what: str) -> bytes:
        talk, answer = self._talk.uid("FETCH", name, f"({what})")
        for one in answer if talk == "OK" else []:
            if isinstance(one, tuple):
                return bytes(one[1])
        raise imaplib.IMAP4.abort(f"message {name} is not shown")

    def _fetched(self, name: str, what: str) -> list[bytes]:
        return [one for one in self._agreed("FETCH", name, f"({what})") if isinstance(one, bytes)]

    def _agreed(self, command: str, *arguments: str) -> list[bytes]:
        answer, said = self._talk.uid(command, *arguments)
        if answer != "OK":
            raise imaplib.IMAP4.error(f"{command}: {said!r}")
        return said


@contextmanager
def _conversation(where: SplitResult) -> Iterator[imaplib.IMAP4]:
    """Certificates are verified and no password goes in clear."""
    talk = _connected(where)
    try:
        if talk.sock is not None:
            talk.sock.settimeout(COMMAND_SECONDS)
        talk.login(unquote(where.username or ""), unquote(where.password or ""))
        answer, said = talk.select(f'"{unquote(where.path.lstrip("/")) or "INBOX"}"')
        if answer != "OK":
            raise Unreachable(str(said))
        yield talk
    finally:
        with suppress(imaplib.IMAP4.error, OSError):
            talk.logout()


def _connected(where: SplitResult) -> imaplib.IMAP4:
    host, context = where.hostname or "", ssl.create_default_context()
    if where.scheme == "imaps":
        return imaplib.IMAP4_SSL(
            host, where.port or 993, ssl_context=context, timeout=CONNECT_SECONDS
        )
    talk = imaplib.IMAP4(host, where.port or 143, timeout=CONNECT_SECONDS)
    try:
        talk.starttls(ssl_context=context)
    except BaseException:
        talk.shutdown()
        raise
    return talk
