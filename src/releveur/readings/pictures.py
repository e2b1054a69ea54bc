"""A photo in any dress becomes a small upright JPEG, by its content; this runs in a bounded child.

A file's header says its format and size: what is too large is refused before it is decoded.
"""

from __future__ import annotations

import io
import struct
import warnings
from typing import IO

from PIL import Image, ImageOps
from pillow_heif import register_heif_opener

from releveur.confined import Refusal

# Each thread of the decoder would cost address space of its own.
register_heif_opener(thumbnails=False, decode_threads=1)

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
"""What phones, tablets and scanners send; by its content, whatever the name of the file says."""

MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2_000
TOO_MANY_PIXELS, NO_PICTURE = "too many pixels", "no picture"


def as_jpeg(source: IO[bytes], answer: IO[bytes]) -> None:
    """Write the picture as a JPEG, without its EXIF: neither place nor camera are kept.

    :raises Refusal: TOO_MANY_PIXELS by its header, or NO_PICTURE of the formats, whole
    """
    answer.write(_decoded(source.read()))


def _decoded(content: bytes) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Refusal(TOO_MANY_PIXELS)
                return _as_jpeg(picture)
    except Image.DecompressionBombError:
        raise Refusal(TOO_MANY_PIXELS) from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error):
        raise Refusal(NO_PICTURE) from None


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
