"""Where a request comes from, as far as it can be believed."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

OF_ONE_LINE = 64
"""Whoever has one address of IPv6 has all that begin like it."""


def client_of(request: HttpRequest) -> str:
    """Told by the last proxy that is ours, else by the connection; a whole network of IPv6 is one client."""
    told = request.headers.get("X-Forwarded-For", "").split(",")
    if settings.PROXIES and len(told) >= settings.PROXIES and told[-settings.PROXIES].strip():
        return _line(told[-settings.PROXIES].strip())
    return _line(str(request.META.get("REMOTE_ADDR", "")))


def _line(told: str) -> str:
    try:
        address = ip_address(told)
    except ValueError:
        return told
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    if isinstance(address, IPv6Address):
        return str(ip_network((address.packed, OF_ONE_LINE), strict=False))
    return str(address)
