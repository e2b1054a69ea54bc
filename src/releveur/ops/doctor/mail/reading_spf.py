"""What a domain says of who may send its mails (RFC 7208), as far as a record tells without a mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from releveur.ops.doctor.mail.asking_dns import Dns

MOST_LOOKUPS = 10
"""RFC 7208, 4.6.4: with one more, receivers take the record for broken."""

_LOOKED_UP = {"include", "a", "mx", "ptr", "exists", "redirect"}

type Network = IPv4Network | IPv6Network


@dataclass
class Spf:
    """A domain's record with all that it includes."""

    domain: str
    record: str = ""
    several: bool = False
    """Two records: receivers take neither."""

    otherwise: str = "?"
    """What the others get: `-` refused, `~` suspect, `?` no opinion, `+` anybody may send."""

    lookups: int = 0
    faults: list[str] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)

    def permits(self, address: str) -> bool:
        """Whether a server at this address may send; macros and `exists` are not looked into."""
        there = ip_address(address)
        return any(there in network for network in self.networks)


def read(domain: str, dns: Dns) -> Spf:
    """:raises asking_dns.NoAnswer: the resolver does not answer"""
    found = Spf(domain)
    records = _records(domain, dns)
    found.several = len(records) > 1
    if records:
        found.record = records[0]
        _walk(found, domain, records[0], dns, outermost=True)
    return found


def _records(domain: str, dns: Dns) -> list[str]:
    return [one for one in dns.texts(domain) if f"{one} ".lower().startswith("v=spf1 ")]


def _walk(found: Spf, domain: str, record: str, dns: Dns, *, outermost: bool) -> None:
    for term in record.split()[1:]:
        qualifier = term[0] if term[0] in "+-~?" else "+"
        name, _sign, value = term.lstrip("+-~?").replace("=", ":", 1).partition(":")
        name, slash, length = name.lower().partition("/")
        found.lookups += name in _LOOKED_UP
        if found.lookups > MOST_LOOKUPS:
            return
        if name == "all":
            found.otherwise = qualifier if outermost else found.otherwise
        elif name in {"include", "redirect"}:
            _follow(found, value, dns, outermost=outermost and name == "redirect")
        elif qualifier == "+":
            found.networks += _networks(name, value or domain, slash + length, dns, found)


def _follow(found: Spf, domain: str, dns: Dns, *, outermost: bool) -> None:
    records = [] if "%" in domain else _records(domain, dns)
    if records:
        _walk(found, domain, records[0], dns, outermost=outermost)
    elif "%" not in domain:
        found.faults.append(domain)


def _networks(name: str, value: str, length: str, dns: Dns, found: Spf) -> Iterator[Network]:
    host, slash, own = value.partition("/")
    length = slash + own or length
    match name:
        case "ip4" | "ip6":
            hosts = [host]
        case "a":
            hosts = dns.addresses(host)
        case "mx":
            hosts = [one for mx in dns.mail_servers(host) for one in dns.addresses(mx.host)]
        case _:
            return
    for one in hosts:
        try:
            yield ip_network(f"{one}{length.partition('//')[0]}", strict=False)
        except ValueError:
            found.faults.append(f"{name}:{value}")
