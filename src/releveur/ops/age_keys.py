"""Keys of the age format, typed or in a file: public ones to encrypt for, secret ones to open with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyrage
from django.utils.translation import gettext as _

from releveur.ops.archive import Key, Recipient
from releveur.ops.doors import Refused


def recipients(texts: Sequence[str]) -> list[Recipient]:
    """Public keys (`age1…`, `ssh-ed25519 …`), or files that hold some, one a line.

    :raises Refused: a text that is neither
    """
    return [_recipient(line) for text in texts for line in _lines(text)]


def keys(files: Sequence[Path]) -> list[Key]:
    """The secret keys of files, as `age-keygen` and `ssh-keygen` write them.

    :raises Refused: a file that holds none
    """
    return [key for file in files for key in _keys_in(file)]


def _lines(text: str) -> Iterator[str]:
    if text.startswith(("age1", "ssh-")):
        yield text
        return
    try:
        content = Path(text).read_text()
    except (OSError, ValueError):
        raise Refused(
            _("%(text)s is neither a public key nor a file of them.") % {"text": text}
        ) from None
    yield from (line for line in map(str.strip, content.splitlines()) if line and line[0] != "#")


def _recipient(text: str) -> Recipient:
    try:
        if text.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(text)
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise Refused(_("%(text)s is no public key of age or SSH.") % {"text": text}) from None


def _keys_in(file: Path) -> list[Key]:
    try:
        content = file.read_bytes()
        if content.startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(content)]
        lines = content.decode().splitlines()
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line[:4] == "AGE-"]
    except (OSError, ValueError, pyrage.IdentityError):
        found = []
    if not found:
        raise Refused(_("%(file)s holds no secret key of age or SSH.") % {"file": file})
    return found
