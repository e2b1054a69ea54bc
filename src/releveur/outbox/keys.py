"""Keys of links: made from a secret outside the database, so that a dump of it opens nothing.

A key is computed when it is needed and stored nowhere; the database knows its hash only. A link is
revoked by moving its version on. The bodies of mails hold `PLACEHOLDER`, filled at the socket.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from uuid import UUID

from django.conf import settings

LENGTH = 22
"""Characters of a key; six bits each: 132 bits, nobody guesses one."""

PLACEHOLDER = "{{LINK-KEY}}"
"""Stands in stored bodies where the key goes; no key and no address ever holds a brace."""


def make(uuid: UUID, version: int) -> str:
    """The key of a link in one of its versions: always the same, 22 characters fit for an address."""
    said = uuid.bytes + version.to_bytes(4)
    digest = hmac.digest(settings.LINK_SECRET.encode(), said, hashlib.sha256)
    return urlsafe_b64encode(digest).decode()[:LENGTH]


def hashed(key: str) -> str:
    """The SHA-256 of a key, in hexadecimal: what is stored, and looked up."""
    return hashlib.sha256(key.encode()).hexdigest()
