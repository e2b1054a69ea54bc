"""Photos that are none, are too much, or hide something: refused in her words, or kept; no number is lost."""

from __future__ import annotations

import html
import random
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from releveur.fleet.models import Device
from releveur.readings import pictures
from releveur.readings.models import Proof
from tests.factories import meter_of, reading_of
from tests.web.seeing import field
from tests.web.visiting import fields, text

pytestmark = pytest.mark.django_db

TOO_LARGE = "Cette photo dépasse 15 Mo. Choisissez-en une plus petite."
TOO_MANY = "Cette image a trop de pixels. Prenez la photo avec une résolution plus basse."
NO_PHOTO = "Ce fichier n’est pas une photo lisible. Choisissez une image JPEG, PNG, WebP ou HEIC."
BOMB = 64 * 1024 * 1024


def saved(kind: str, *, mode: str = "RGB", side: int = 64, **options: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, (side, side)).save(out, kind, **options)
    return out.getvalue()


def animated(kind: str) -> bytes:
    """White first, black afterwards."""
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("white", "black", "black")]
    out = BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


def hiding(chunk: bytes) -> bytes:
    """A small PNG with a chunk that unpacks to 64 MB: `iCCP` or `zTXt`."""
    small = saved("PNG")
    header = small.index(b"IDAT") - 4
    body = chunk + b"x\0\0" + zlib.compress(bytes(BOMB), 9)
    packed = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return small[:header] + packed + small[header:]


def many_words() -> bytes:
    """Texts that are small one by one and 70 MB together."""
    words = PngInfo()
    for number in range(70):
        words.add_text(f"k{number}", "x" * 1_000_000, zip=True)
    return saved("PNG", pnginfo=words)


def claiming(side: int) -> bytes:
    """An iPhone's picture whose header says that it is far larger."""
    small = saved("HEIF")
    place = small.index(b"ispe") + 8
    return small[:place] + struct.pack(">II", side, side) + small[place + 8 :]


def from_a_good_phone(megabytes: int) -> bytes:
    """A JPEG of 12 million pixels with a note of its maker as large as it takes."""
    photo = saved("JPEG", side=3_500)
    segment = b"\xff\xeb\xff\xff" + bytes(65_533)
    return photo[:2] + segment * (megabytes * 16) + photo[2:]


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "13 000 by 13 000": (lambda: saved("PNG", mode="1", side=13_000), TOO_MANY),
    "an iPhone's that claims as much": (lambda: claiming(13_000), TOO_MANY),
    "a colour profile of 64 MB": (lambda: hiding(b"iCCP"), NO_PHOTO),
    "a text of 64 MB": (lambda: hiding(b"zTXt"), NO_PHOTO),
    "many texts": (many_words, NO_PHOTO),
    "a moving GIF": (lambda: animated("GIF"), NO_PHOTO),
    "25 MB": (lambda: from_a_good_phone(25), TOO_LARGE),
    "nothing": (lambda: b"", NO_PHOTO),
    "noise": (lambda: random.Random(1).randbytes(5_000), NO_PHOTO),
    **{
        f"half a {kind}": (lambda kind=kind: saved(kind)[: len(saved(kind)) // 2], NO_PHOTO)  # type: ignore[misc]
        for kind in ("JPEG", "PNG", "WEBP", "HEIF")
    },
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_with_its_sentence_and_every_number_stays(
    visitor: Client, device: Device, what: str
) -> None:
    refused(visitor, device, what)


def refused(visitor: Client, device: Device, what: str) -> None:
    make, sentence = REFUSED[what]
    content = make()
    typed = {field(device): "39600", field(device, "color"): "92910"}
    form = fields(visitor.get("/releves")) | typed

    page = visitor.post("/releves", {**form, f"file-{device.pk}": a_file(content)})

    assert page.status_code == 422 and sentence in html.unescape(text(page))
    assert typed.items() <= fields(page).items()
    ahead = visitor.post("/releves/photo", {"photo": a_file(content)})
    assert (ahead.status_code, ahead.json()) == (422, {"error": sentence})
    assert not Proof.objects.exists()


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_of_a_picture_that_moves_the_first_one_is_kept(
    visitor: Client, device: Device, kind: str
) -> None:
    photo = kept(visitor, device, animated(kind))
    assert getattr(photo, "n_frames", 1) == 1
    assert photo.getpixel((9, 9)) == (255, 255, 255)


def test_a_good_phones_photo_of_14_megabytes_is_kept_small(visitor: Client, device: Device) -> None:
    assert max(kept(visitor, device, from_a_good_phone(14)).size) == pictures.LONGEST_SIDE
    assert Proof.objects.get().file.size < 100_000


def kept(visitor: Client, device: Device, content: bytes) -> Image.Image:
    """Sent with a value that wants it."""
    form = fields(visitor.get("/releves")) | {
        field(device): "39600",
        field(device, "color"): "92910",
        f"reason-{device.pk}": "OTHER",
    }
    page = visitor.post("/releves", {**form, f"file-{device.pk}": a_file(content)})
    assert page.status_code == 303, text(page)
    proof = reading_of(meter_of(device)).proof
    assert proof
    with proof.file.open("rb") as stored:
        return Image.open(BytesIO(stored.read()))


def a_file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("IMG_0001.jpg", content, content_type="image/jpeg")
