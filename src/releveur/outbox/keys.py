"""Keys of links: made from a secret outside the database, so that a dump of it opens nothing.

A key is computed when it is needed and stored nowhere; the database knows its hash only. A link is
revoked by moving its version on. The bodies of mails hold `PLACEHOLDER`, filled at the socket.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from uuid import UUID

from django.conf import settings

LENGTH = 22
"""Characters of a key; six bits each: 132 bits, nobody guesses one."""

PLACEHOLDER = "{{LINK-KEY}}"
"""Stands in stored bodies where the key goes; no key and no address ever holds a brace."""

CODE_PLACEHOLDER = "{{LOGIN-CODE}}"
"""Stands in stored bodies where a code goes that is typed by hand."""

CODE_LENGTH = 8
CODE_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
"""Nothing that reads like something else, and no vowel: a code is never a word. 8 of 28: 38 bits."""


def make(uuid: UUID, version: int, *, hashed_as: str = "") -> str:
    """The key of a link in one of its versions: always the same, 22 characters fit for an address.

    :param hashed_as: the hash of the key handed out before, made with a secret that was changed since
    """
    return _key(_secret(uuid, version, hashed_as), uuid, version)


def code(uuid: UUID, version: int, *, hashed_as: str = "") -> str:
    """The code that goes with the same link, as it is shown: « 7KQM-X2RD »."""
    said = b"code" + uuid.bytes + version.to_bytes(4)
    secret = _secret(uuid, version, hashed_as)
    rest = int.from_bytes(hmac.digest(secret.encode(), said, hashlib.sha256))
    letters = ""
    for _letter in range(CODE_LENGTH):
        rest, place = divmod(rest, len(CODE_ALPHABET))
        letters += CODE_ALPHABET[place]
    return f"{letters[:4]}-{letters[4:]}"


def _key(secret: str, uuid: UUID, version: int) -> str:
    said = uuid.bytes + version.to_bytes(4)
    digest = hmac.digest(secret.encode(), said, hashlib.sha256)
    return urlsafe_b64encode(digest).decode()[:LENGTH]


def _secret(uuid: UUID, version: int, hashed_as: str) -> str:
    """The secret that made the key of this hash: today's, or a former one while it is accepted."""
    for secret in secrets():
        if hashed_as == hashed(_key(secret, uuid, version)):
            return secret
    return secrets()[0]


def secrets() -> tuple[str, ...]:
    """Today's secret, then the former ones that are still accepted."""
    return (settings.LINK_SECRET, *settings.OLD_LINK_SECRETS)


def hashed(key: str) -> str:
    """The SHA-256 of a key, in hexadecimal: what is stored, and looked up."""
    return hashlib.sha256(key.encode()).hexdigest()


_IN_A_LINK = re.compile(
    rf"(/(?:r|plus-moi|ne-plus-ecrire|connexion/lien)/)[\w-]{{8,{LENGTH}}}(?![\w-])", re.ASCII
)


def blotted(words: str) -> str:
    """Words of others, which may quote a mail of ours, without the keys of its links, cut ones included.

    >>> blotted("see https://p.example/r/0123456789abcdefghij-_ now")
    'see https://p.example/r/… now'
    """
    return _IN_A_LINK.sub(r"\1…", words)
