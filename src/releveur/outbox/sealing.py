"""Messages as they arrived, sealed: most of them quote a mail of ours, and its link with it.

The key is made from the secret outside the database, as the links are: a dump opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12


class CannotBeOpened(Exception):
    """It was sealed under another secret, changed since, or forgotten."""


def seal(content: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_key()).encrypt(nonce, content, None)


def opened(sealed: bytes | memoryview) -> bytes:
    """:raises CannotBeOpened: the secret was changed since, or the bytes were, or there are none"""
    held = bytes(sealed)
    try:
        return AESGCM(_key()).decrypt(held[:_NONCE], held[_NONCE:], None)
    except (InvalidTag, ValueError):
        raise CannotBeOpened from None


def _key() -> bytes:
    return hmac.digest(settings.LINK_SECRET.encode(), b"messages that arrived", hashlib.sha256)
