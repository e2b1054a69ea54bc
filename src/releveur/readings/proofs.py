"""A photo that proves a value: looked at before it is decoded, stored without what nobody needs.

A file's header says its format and size; what is too large never reaches memory. The picture is
stored again as a JPEG, upright and without its EXIF: neither place nor camera are kept.
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from typing import IO
from uuid import uuid4

from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener

from releveur.readings.models import Proof

register_heif_opener(thumbnails=False)

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
"""What phones, tablets and scanners send; by its content, whatever the name of the file says."""

MOST_BYTES = 15 * 1024 * 1024
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2_000


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


class NotAPicture(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("This file is not a photo we can read. Choose a JPEG, PNG, WebP or HEIC picture.")
        )


def store(file: IO[bytes]) -> Proof:
    """Keep a photo as a proof.

    :raises TooLarge: over 15 MB
    :raises TooManyPixels: over 50 million pixels, by its header
    :raises NotAPicture: not a JPEG, PNG, WebP or HEIC, or a broken one
    """
    content = _decoded(_read(file))
    return Proof.objects.create(
        file=ContentFile(content, name=f"{uuid4().hex}.jpg"),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _read(file: IO[bytes]) -> bytes:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise TooLarge
    return content


def _decoded(content: bytes) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise TooManyPixels
                return _as_jpeg(picture)
    except Image.DecompressionBombError:
        raise TooManyPixels from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error):
        raise NotAPicture from None


def _as_jpeg(picture: Image.Image) -> bytes:
    """Made small first: what comes after costs no memory to speak of. Transparency shows white."""
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    upright = _in_eight_bits(ImageOps.exif_transpose(picture)).convert("RGBA")
    paper = Image.new("RGB", upright.size, "white")
    paper.paste(upright, mask=upright.getchannel("A"))
    out = io.BytesIO()
    paper.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    """The library cuts 16-bit grey off at white; the picture keeps its greys here."""
    if not picture.mode.startswith("I"):
        return picture
    return picture.convert("I").point(lambda grey: grey / 256).convert("L")
