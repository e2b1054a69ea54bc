"""An e-mail address as people type and paste it: what mail can be sent to, and when two are one mailbox.

Companies' servers and the large providers take the letters before the @ in any case, so `key` does too.
It goes no further: that one provider ignores dots and another what follows a + is theirs to know, and
the mail goes where it was said to go. A domain with accents has two spellings, its own and that of the
name servers (`xn--…`); both are the same.
"""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST = 254

_PASTED = re.compile(r"(?:[^<>]*<)?(?:mailto:)?([^<>]*)>?", re.IGNORECASE)
"""« Karim Benali <karim@gramont.example> » and `mailto:`, as mail programs copy them."""

_AROUND = " \t\r\n\u00a0\u202f\u200b\u200e\u202a\u202c\ufeff,;"
"""What a copied address brings along, some of it unseen."""

_TOLD_A_SERVER = re.compile(r"[\r\n\x00]")
"""Within an address no line ends: that is how mail servers are given orders."""


class NoAddress(Exception):
    """Nobody can have this address, or no mail of ours can be sent to it."""


def written(typed: str) -> str:
    """The address in what was typed or pasted, in its own spelling.

    :raises NoAddress: there is none, or more than one

    >>> written(" Karim Benali <Karim.O'Neil+compteurs@Gramont.example>; ")
    "Karim.O'Neil+compteurs@Gramont.example"
    >>> written("mailto:compta@société-générale.example")
    'compta@société-générale.example'
    """
    typed = typed.strip(_AROUND)
    found = None if _TOLD_A_SERVER.search(typed) else _PASTED.fullmatch(typed)
    address = unicodedata.normalize("NFC", found[1].strip(_AROUND)) if found else ""
    local, _at, domain = address.rpartition("@")
    try:
        validate_email(address)
        domain.encode("idna")
    except (ValidationError, UnicodeError):
        raise NoAddress from None
    if not local.isascii() or '"' in local or len(address) > LONGEST or len(key(address)) > LONGEST:
        raise NoAddress
    return address


def key(address: str) -> str:
    """The address as it is compared and found again.

    >>> key("Karim@Gramont.example")
    'karim@gramont.example'
    >>> key("compta@xn--socit-esab.example")
    'compta@société.example'
    """
    local, at, domain = address.strip().rpartition("@")
    return f"{local.casefold()}{at}{_of_people(domain)}"


def _of_people(domain: str) -> str:
    """A domain in letters, whichever way it is written."""
    plain = unicodedata.normalize("NFC", domain).casefold()
    try:
        return plain.encode("idna").decode("idna")
    except UnicodeError:
        return plain
