"""A photo that proves a value: decoded where it can do no harm, stored without what nobody needs.

What is too large never reaches memory, and what decodes to too much ends a bounded child, not us. The
picture is stored again as a JPEG, upright and without its EXIF: neither place nor camera are kept.
"""

from __future__ import annotations

import errno
import hashlib
import logging
from contextlib import suppress
from typing import IO
from uuid import uuid4

from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from releveur import bounded
from releveur.bounded import MEGABYTE
from releveur.confined import Refusal
from releveur.readings import pictures
from releveur.readings.models import Proof

log = logging.getLogger(__name__)

MOST_BYTES = 15 * MEGABYTE
LIMITS = bounded.Limits(memory=1_536 * MEGABYTE, answer=10 * MEGABYTE, processor=15, seconds=30)
"""Of one photo: fifty million pixels fit, of any of the formats."""


class Refused(Exception):
    """The file cannot serve as a proof; the sentence says what to do."""


class TooLarge(Refused):
    def __init__(self) -> None:
        super().__init__(_("This photo is larger than 15 MB. Choose a smaller one."))


class TooManyPixels(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("This picture has too many pixels. Take the photo with a lower resolution.")
        )


class TooHeavy(Refused):
    def __init__(self) -> None:
        super().__init__(_("This picture takes too long to open. Take another photo and send it."))


class NotAPicture(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("This file is not a photo we can read. Choose a JPEG, PNG, WebP or HEIC picture.")
        )


class NoRoom(Refused):
    """Our disk is full; that is our fault, and it is mended without her."""

    def __init__(self) -> None:
        super().__init__(
            _("The photo could not be kept: there is no room left here. Send it again later.")
        )


class TooMany(Refused):
    """Others' photos take all that the machine can do at once."""

    def __init__(self) -> None:
        super().__init__(
            _("Many photos arrive at this very moment. Send this one again in a minute.")
        )


def store(file: IO[bytes]) -> Proof:
    """Keep a photo as a proof.

    :raises TooLarge: over 15 MB
    :raises TooManyPixels: over 50 million pixels, by its header
    :raises TooHeavy: decoding it takes more memory or time than a photo may
    :raises NotAPicture: not a JPEG, PNG, WebP or HEIC, or a broken one
    :raises TooMany: too many others are decoded at this moment
    :raises NoRoom: the disk is full; nothing of it is left there
    """
    content = _decoded(_read(file))
    proof = Proof(sha256=hashlib.sha256(content).hexdigest())
    proof.file.name = _written(proof, content)
    proof.save()
    return proof


def _read(file: IO[bytes]) -> bytes:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise TooLarge
    return content


def _decoded(content: bytes) -> bytes:
    try:
        with bounded.run(pictures.as_jpeg, content, LIMITS) as answer:
            return answer.read()
    except Refusal as refusal:
        if refusal.reason == pictures.TOO_MANY_PIXELS:
            raise TooManyPixels from None
        raise NotAPicture from None
    except (bounded.TooMuch, bounded.TooSlow):
        raise TooHeavy from None
    except bounded.Busy:
        log.warning("no place to decode a photo: %d are at work", bounded.AT_ONCE)
        raise TooMany from None
    except bounded.Failed:
        raise NotAPicture from None
    except OSError as fault:
        raise _told(fault) from fault


def _written(proof: Proof, content: bytes) -> str:
    """Under a name of ours; half a file is taken away again."""
    storage = proof.file.storage
    name = proof.file.field.generate_filename(proof, f"{uuid4().hex}.jpg")
    try:
        return storage.save(name, ContentFile(content))
    except OSError as fault:
        with suppress(OSError):
            storage.delete(name)
        raise _told(fault) from fault


def _told(fault: OSError) -> Exception:
    """A full disk is told to the person and to the log; any other fault is a fault."""
    if fault.errno not in (errno.ENOSPC, errno.EDQUOT):
        return fault
    log.error("no room for a photo: %s", fault)
    return NoRoom()
