"""Messages as they arrived, sealed: most of them quote a mail of ours, and its link with it.

The key is made from the secret outside the database, as the links are: a dump opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from releveur.outbox import keys

_NONCE = 12


class CannotBeOpened(Exception):
    """It was sealed under another secret, changed since, or forgotten."""


def seal(content: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_keys()[0]).encrypt(nonce, content, None)


def opened(sealed: bytes | memoryview) -> bytes:
    """:raises CannotBeOpened: the secret was changed since, or the bytes were, or there are none"""
    held = bytes(sealed)
    for key in _keys():
        with suppress(InvalidTag, ValueError):
            return AESGCM(key).decrypt(held[:_NONCE], held[_NONCE:], None)
    raise CannotBeOpened


def _keys() -> list[bytes]:
    """Today's, then those of former secrets that are still accepted."""
    said = b"messages that arrived"
    return [hmac.digest(secret.encode(), said, hashlib.sha256) for secret in keys.secrets()]
