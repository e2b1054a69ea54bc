"""Whatever a telephone, a tablet or a scanner calls a photo is taken and stands upright, and what is no photo
is refused with a sentence that says what to do.

HEIC (also one named .jpg), MPO of two lenses, 16-bit grey, print colours, and the eight ways to hold a
telephone are sent as photos of a reading; so are an empty file, halves of files and 25 MB. What is kept is
looked at: a JPEG of at most 2,000 pixels, upright.

Without `ImageOps.exif_transpose` in `readings/pictures.py` photos lie on their side; without
`_in_eight_bits` a scanner's grey becomes white; without `picture.thumbnail` a telephone's photo is kept at
its full size; without `_read` of `readings/proofs.py` the 25 MB are decoded.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.test import Client
from PIL import Image

from releveur.fleet.models import Device
from releveur.readings import pictures, proofs
from tests.test_proofs import a_picture, saved
from tests.web.conftest import customer, visitor
from tests.web.test_photos import REFUSED, kept, refused

__all__ = ["customer", "visitor"]

pytestmark = pytest.mark.django_db

HELD = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""By the number in the EXIF, how the picture lies in the file."""

TAKEN: dict[str, Callable[[], io.BytesIO]] = {
    "HEIC": lambda: saved(a_picture(), "HEIF"),
    "MPO": lambda: saved(a_picture(), "MPO", save_all=True, append_images=[a_picture()]),
    "16-bit PNG": lambda: saved(in_fine_greys(), "PNG"),
    "CMYK JPEG": lambda: saved(in_print_colours(), "JPEG"),
    "12 million pixels": lambda: saved(a_picture(size=(4_000, 3_000)), "JPEG"),
}


def in_fine_greys() -> Image.Image:
    """A dark grey of 16 bits, with the white stripe."""
    picture = Image.new("I;16", (600, 400), 16_384)
    picture.paste(65_535, (0, 0, 60, 400))
    return picture


def in_print_colours() -> Image.Image:
    picture = Image.new("CMYK", (600, 400), (0, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 60, 400))
    return picture


@pytest.mark.parametrize("what", TAKEN)
def test_it_is_taken_under_any_name_and_kept_as_a_small_jpeg(
    visitor: Client, device: Device, what: str
) -> None:
    photo = kept(visitor, device, TAKEN[what]().getvalue())
    assert photo.format == "JPEG" and photo.mode == "RGB"
    assert max(photo.size) <= pictures.LONGEST_SIDE
    assert light(photo, 2, 2) and not light(photo, photo.width - 3, 2), "its white stripe is left"


@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
@pytest.mark.parametrize("held", HELD)
def test_it_stands_upright_however_the_telephone_was_held(kind: str, held: int) -> None:
    upright = Image.new("RGB", (96, 64))
    upright.paste("white", (0, 0, 48, 32))
    turned = upright.transpose(way) if (way := HELD[held]) is not None else upright
    exif = Image.Exif()
    exif[0x0112] = held

    with proofs.store(saved(turned, kind, exif=exif.tobytes())).file.open("rb") as file:
        photo = Image.open(io.BytesIO(file.read()))

    corners = [light(photo, x, y) for y in (8, 56) for x in (8, 88)]
    assert (photo.size, corners) == ((96, 64), [True, False, False, False])


@pytest.mark.parametrize("what", ["nothing", "25 MB", *(one for one in REFUSED if "half" in one)])
def test_what_is_no_photo_is_refused_with_a_sentence(
    visitor: Client, device: Device, what: str
) -> None:
    refused(visitor, device, what)


def light(photo: Image.Image, x: int, y: int) -> bool:
    grey = photo.convert("L").getpixel((x, y))
    assert isinstance(grey, int)
    return grey > 128
