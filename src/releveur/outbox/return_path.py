"""Where mail servers send what did not arrive: an address of its own for each mail, signed.

`bounces+<mail>-<signature>@dealer.example`: whoever knows the address has handled that very mail, so
what arrives there is believed without reading a word of it. It is good for as long as the secret
stays the same: a mail may come back after days, and the row it belongs to is never removed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode

from django.conf import settings

from releveur.outbox import keys
from releveur.outbox.models import Mail

LONGEST_LOCAL_PART = 64
"""RFC 5321, 4.5.3.1.1."""

LONGEST_NAME = 30
"""What may stand before the plus: number and signature need the rest."""

_SIGNED = 10
"""Bytes of the signature: 16 letters, 80 bits."""
_BASE = 32
_LETTERS = "0123456789abcdefghijklmnopqrstuv"
_TAG = re.compile(r"(?:[^\s<>@]*\+)?([0-9a-v]{1,13})-([a-z2-7]{16})@([^\s<>@;,]+)", re.IGNORECASE)


def of(mail: Mail) -> str:
    """The address to which this mail comes back; empty where the installation has none.

    A knob without a name before the `@` is a domain of its own, where any address is ours.
    """
    name, _at, domain = settings.RETURN_PATH.rpartition("@")
    if not domain:
        return ""
    tag = f"{_written(mail.pk)}-{_signatures(mail.pk)[0]}"
    return f"{name}+{tag}@{domain}" if name else f"{tag}@{domain}"


def whose(text: str) -> int | None:
    """The number of the mail that came back, from any text that holds its address; letters of any case.

    None where there is no such address, or its signature is not ours.
    """
    ours = settings.RETURN_PATH.rpartition("@")[2].casefold()
    for number, signature, domain in _TAG.findall(text):
        mail = int(number, _BASE)
        right = [hmac.compare_digest(signature.lower(), one) for one in _signatures(mail)]
        if any(right) and ours and domain.casefold().rstrip(".") == ours:
            return mail
    return None


def _written(number: int) -> str:
    letters = ""
    while number:
        number, place = divmod(number, _BASE)
        letters = _LETTERS[place] + letters
    return letters or "0"


def _signatures(number: int) -> list[str]:
    """Under today's secret, then under the former ones that are still accepted."""
    said = b"return path %d" % number
    digests = [hmac.digest(one.encode(), said, hashlib.sha256) for one in keys.secrets()]
    return [b32encode(digest[:_SIGNED]).decode().lower() for digest in digests]
