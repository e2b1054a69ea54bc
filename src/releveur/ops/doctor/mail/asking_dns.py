"""What the domain name system says of a mail domain; another resolver than the machine's can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import dns.exception
import dns.rdatatype
import dns.resolver
from dns.rdata import Rdata

SECONDS = 6.0


class NoAnswer(Exception):
    """The resolver does not answer, or cannot find out: nothing is known."""


@dataclass(frozen=True, slots=True)
class Mx:
    preference: int
    host: str


class Dns:
    """A resolver: the machine's own, or one that is named."""

    def __init__(self, server: str = "") -> None:
        """:param server: `HOST` or `HOST:PORT`"""
        self._resolver = dns.resolver.Resolver(configure=not server)
        self._resolver.lifetime = SECONDS
        if server:
            host, _colon, port = server.partition(":")
            self._resolver.nameservers = [host]
            self._resolver.port = int(port or 53)

    def texts(self, name: str) -> list[str]:
        """TXT records, each in one piece."""
        return [
            b"".join(record.strings).decode("utf-8", "replace")
            for record in self._asked(name, "TXT")
            if hasattr(record, "strings")
        ]

    def mail_servers(self, domain: str) -> list[Mx]:
        found = [
            Mx(record.preference, str(record.exchange).rstrip("."))
            for record in self._asked(domain, "MX")
            if hasattr(record, "exchange") and hasattr(record, "preference")
        ]
        return sorted(found, key=lambda one: one.preference)

    def addresses(self, name: str) -> list[str]:
        """Of a name, or the address that it is."""
        try:
            return [str(ip_address(name))]
        except ValueError:
            kinds = ("A", "AAAA")
            return [record.to_text() for kind in kinds for record in self._asked(name, kind)]

    def _asked(self, name: str, kind: str) -> Sequence[Rdata]:
        """:raises NoAnswer: not even that there is none"""
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.exception.SyntaxError):
            return []
        except (dns.exception.DNSException, OSError, ValueError) as fault:
            raise NoAnswer(f"{name} {kind}: {fault or type(fault).__name__}") from fault
