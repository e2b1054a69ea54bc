"""A name server of the tests on loopback: it answers from a table, over UDP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

type Zone = Mapping[tuple[str, str], list[str]]
"""`("bureautique.example", "TXT")` and its records, texts quoted."""


@dataclass
class Names:
    server: str
    """`127.0.0.1:PORT`."""

    zone: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    silent: bool = False

    def put(self, zone: Zone) -> None:
        self.zone |= zone


@contextmanager
def answering(zone: Zone) -> Iterator[Names]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talk:
        talk.bind(("127.0.0.1", 0))
        names = Names(f"127.0.0.1:{talk.getsockname()[1]}", dict(zone))
        over = threading.Event()
        talk.settimeout(0.1)
        thread = threading.Thread(target=_answer, args=(talk, names, over), daemon=True)
        thread.start()
        try:
            yield names
        finally:
            over.set()
            thread.join(5)


def _answer(talk: socket.socket, names: Names, over: threading.Event) -> None:
    while not over.is_set():
        with suppress(TimeoutError):
            wire, peer = talk.recvfrom(4096)
            query = dns.message.from_wire(wire)
            if not names.silent:
                talk.sendto(_said(query, names).to_wire(), peer)


def _said(query: dns.message.Message, names: Names) -> dns.message.Message:
    [question] = query.question
    name = question.name.to_text(omit_final_dot=True).lower()
    kind = dns.rdatatype.to_text(question.rdtype)
    names.asked.append((name, kind))
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.RA
    if records := names.zone.get((name, kind)):
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
    elif not any(known == name for known, _kind in names.zone):
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer
