from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from releveur.readings import pictures, proofs
from releveur.readings.models import Proof

pytestmark = pytest.mark.django_db

UPRIGHT_AFTER_A_QUARTER_TURN = 6


def a_picture(mode: str = "RGB", size: tuple[int, int] = (600, 400)) -> Image.Image:
    """Black, with a white stripe at its left."""
    picture = Image.new(mode, size)
    white: Any = {"CMYK": (0, 0, 0, 0), "I;16": 65_535}.get(mode, "white")
    picture.paste(white, (0, 0, size[0] // 10, size[1]))
    return picture


def saved(picture: Image.Image, kind: str, **options: Any) -> BytesIO:
    out = BytesIO()
    picture.save(out, kind, **options)
    out.seek(0)
    return out


def kept(file: BytesIO) -> Image.Image:
    proof = proofs.store(file)
    with proof.file.open("rb") as stored:
        content = stored.read()
    assert hashlib.sha256(content).hexdigest() == proof.sha256
    return Image.open(BytesIO(content))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_photo_is_kept_as_a_jpeg_under_a_name_of_ours(kind: str) -> None:
    assert kept(saved(a_picture(), kind)).format == "JPEG"
    assert str(Proof.objects.get().file).endswith(".jpg")


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("I;16", "PNG"), ("L", "PNG"), ("P", "PNG")]
)
def test_unusual_pictures_are_kept_too(mode: str, kind: str) -> None:
    picture = a_picture("L").convert("P") if mode == "P" else a_picture(mode)
    assert kept(saved(picture, kind)).size == (600, 400)


def test_a_photo_taken_sideways_stands_upright_and_says_nothing_of_the_camera_or_the_place() -> (
    None
):
    exif = Image.Exif()
    exif[0x0112] = UPRIGHT_AFTER_A_QUARTER_TURN
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8825)[2] = (48.0, 52.0, 0.0)

    photo = kept(saved(a_picture(), "JPEG", exif=exif))

    assert photo.size == (400, 600)
    assert not photo.getexif()
    top = photo.convert("L").getpixel((200, 5))
    assert isinstance(top, int)
    assert top > 200, "the stripe is at the top now"


def test_an_iphones_photo_named_like_a_jpeg_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = UPRIGHT_AFTER_A_QUARTER_TURN
    file = saved(a_picture(), "HEIF", exif=exif.tobytes())
    file.name = "IMG_0001.jpg"

    photo = kept(file)

    assert photo.size == (400, 600)
    top, bottom = photo.getpixel((200, 10)), photo.getpixel((200, 590))
    assert isinstance(top, tuple) and isinstance(bottom, tuple)
    assert top[0] > 240 and bottom[0] < 15, "the stripe at its left is at the top now"
    assert not photo.getexif()


def test_sixteen_bits_of_grey_stay_grey() -> None:
    grey = kept(saved(Image.new("I;16", (40, 40), 32_768), "PNG")).convert("L").getpixel((20, 20))
    assert isinstance(grey, int)
    assert 120 < grey < 136


def test_transparency_shows_white() -> None:
    photo = kept(saved(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))
    assert photo.getpixel((25, 25)) == (255, 255, 255)


def test_a_large_photo_is_made_small() -> None:
    assert max(kept(saved(a_picture(size=(4_000, 3_000)), "JPEG")).size) == pictures.LONGEST_SIDE


def test_a_picture_of_too_many_pixels_is_refused_by_its_header() -> None:
    bomb = saved(Image.new("1", (13_000, 13_000)), "PNG")
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(proofs.TooManyPixels):
        proofs.store(bomb)


def test_a_file_of_more_than_15_megabytes_is_refused() -> None:
    with pytest.raises(proofs.TooLarge):
        proofs.store(BytesIO(b"\xff\xd8" + b"0" * proofs.MOST_BYTES))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00",
    ],
)
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    with pytest.raises(proofs.NotAPicture):
        proofs.store(BytesIO(content))
    assert not Proof.objects.exists()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_photo_cut_off_on_its_way_is_refused(kind: str) -> None:
    whole = saved(a_picture(), kind).getvalue()
    with pytest.raises(proofs.NotAPicture):
        proofs.store(BytesIO(whole[: len(whole) // 2]))
