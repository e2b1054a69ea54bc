"""A small IMAP server on loopback, with TLS: the commands we speak, and faults as told (RFC 9051)."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO

USER, PASSWORD = "releves@lafayette.example", "p@ss:word"


@dataclass
class Imap:
    port: int
    messages: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    uidplus: bool = True
    drops_at: str = ""
    """A command at which the server hangs up, once."""
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    """What happens when a command begins like that, before it is obeyed."""
    commands: list[str] = field(default_factory=list)

    def put(self, *raws: bytes) -> None:
        for raw in raws:
            uid = max(self.messages, default=0) + 1
            self.messages[uid], self.flags[uid] = raw, set()

    def url(self, *, password: str = PASSWORD, scheme: str = "imaps") -> str:
        quoted = USER.replace("@", "%40"), password.replace("@", "%40").replace(":", "%3A")
        return f"{scheme}://{quoted[0]}:{quoted[1]}@localhost:{self.port}/INBOX"


@contextmanager
def serving(context: ssl.SSLContext) -> Iterator[Imap]:
    listener = socket.create_server(("127.0.0.1", 0))
    imap = Imap(listener.getsockname()[1])
    thread = threading.Thread(target=_accept, args=(listener, context, imap), daemon=True)
    thread.start()
    try:
        yield imap
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _accept(listener: socket.socket, context: ssl.SSLContext, imap: Imap) -> None:
    while True:
        try:
            plain, _peer = listener.accept()
        except OSError:
            return
        with (
            suppress(OSError, ssl.SSLError),
            plain,
            context.wrap_socket(plain, server_side=True) as talk,
        ):
            _converse(talk.makefile("rwb"), imap)  # type: ignore[arg-type]


def _converse(file: BinaryIO, imap: Imap) -> None:
    _say(file, b"* OK ready")
    while line := file.readline().decode().rstrip("\r\n"):
        tag, _space, command = line.partition(" ")
        imap.commands.append(command)
        if imap.drops_at and command.startswith(imap.drops_at):
            imap.drops_at = ""
            return
        for begins, happens in imap.before.items():
            if command.startswith(begins):
                happens()
                return
        _say(file, f"{tag} ".encode() + _answered(file, command, imap))
        if command == "LOGOUT":
            return


def _answered(file: BinaryIO, command: str, imap: Imap) -> bytes:
    if command.startswith("LOGIN") and command != f'LOGIN {USER} "{PASSWORD}"':
        return b"NO [AUTHENTICATIONFAILED] no"
    if command.startswith("UID"):
        _of_messages(file, command, imap)
    if command == "CAPABILITY":
        _say(file, b"* CAPABILITY IMAP4rev1" + b" UIDPLUS" * imap.uidplus)
    elif command.startswith("SELECT"):
        _say(file, b"* %d EXISTS" % len(imap.messages))
    elif command == "EXPUNGE":
        _expunge(imap)
    return b"OK done"


def _of_messages(file: BinaryIO, command: str, imap: Imap) -> None:
    if command.startswith("UID SEARCH"):
        _say(file, b"* SEARCH " + b" ".join(b"%d" % uid for uid in _unsettled(imap)))
    elif fetch := re.fullmatch(r"UID FETCH (\d+) \((.*)\)", command):
        _show(file, int(fetch[1]), fetch[2], imap)
    elif store := re.fullmatch(r"UID STORE (\d+) \+FLAGS.SILENT \((.*)\)", command):
        imap.flags[int(store[1])] |= set(store[2].split())
    elif command.startswith("UID EXPUNGE"):
        _expunge(imap)


def _expunge(imap: Imap) -> None:
    for uid in [uid for uid, flags in imap.flags.items() if r"\Deleted" in flags]:
        del imap.messages[uid], imap.flags[uid]


def _unsettled(imap: Imap) -> list[int]:
    return [uid for uid, flags in imap.flags.items() if not flags & {r"\Deleted", r"\Flagged"}]


def _show(file: BinaryIO, uid: int, what: str, imap: Imap) -> None:
    raw = imap.messages[uid]
    if what == "RFC822.SIZE":
        _say(file, b"* 1 FETCH (UID %d RFC822.SIZE %d)" % (uid, len(raw)))
        return
    some = re.fullmatch(r"BODY\.PEEK\[\]<0\.(\d+)>", what)
    shown = raw[: int(some[1])] if some else raw
    _say(file, b"* 1 FETCH (UID %d BODY[] {%d}\r\n%s)" % (uid, len(shown), shown))


def _say(file: BinaryIO, line: bytes) -> None:
    file.write(line + b"\r\n")
    file.flush()
