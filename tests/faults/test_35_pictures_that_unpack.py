"""A picture made to fill the memory is refused before it does, and the portal that answers your customers stays
as small as it was.

A served portal gets pictures of 13,000 by 13,000 pixels, an iPhone's that claims as much or is a mosaic of as
much, moving GIFs, WebPs and PNGs, and PNGs whose colour profile or texts unpack to 64 MB. The memory of its
processes is measured at its peak: it grows by less than 50 MB.

Without `MOST_PIXELS` in `readings/pictures.py` the 13,000 by 13,000 are decoded; without `bounded.run` in
`readings/proofs.py` what decodes does so in the web's own process, which then keeps 50 MB and more.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from releveur.bounded import MEGABYTE
from releveur.campaigns.models import Invitation
from releveur.readings.models import Proof
from tests.faults.served import serving
from tests.test_proofs import a_picture, saved
from tests.web.conftest import customer
from tests.web.test_photos import REFUSED, a_file, animated
from tests.web.visiting import link

__all__ = ["customer"]

pytestmark = pytest.mark.django_db(transaction=True)

BOMBS = (
    "13 000 by 13 000",
    "an iPhone's that claims as much",
    "a colour profile of 64 MB",
    "a text of 64 MB",
    "many texts",
    "a moving GIF",
    "25 MB",
)
GROWTH = 50 * MEGABYTE


def a_mosaic(tiles: int, tile_side: int = 1_000) -> bytes:
    """An iPhone's picture of one tile again and again; how large that is stands in its plan only."""
    photo = saved(a_picture(size=(tile_side, tile_side)), "HEIF").getvalue()
    kind, codec, tile = (_found(photo, name) for name in (b"ftyp", b"hvcC", b"mdat"))
    side, many = tile_side * tiles, tiles * tiles
    plan = struct.pack(">4B2I", 0, 1, tiles - 1, tiles - 1, side, side)
    items = struct.pack(">H", 2) + _box(b"infe", b"\2\0\0\0\0\1\0\0hvc1\0")
    items += _box(b"infe", b"\2\0\0\0\0\2\0\0grid\0")
    pieces = _box(b"dimg", struct.pack(">HH", 2, many) + b"\0\1" * many)
    small = _box(b"ispe", struct.pack(">III", 0, tile_side, tile_side))
    looks = _box(b"ipco", codec + small) + _box(b"ipma", b"\0\0\0\0\0\0\0\2\0\1\2\x81\2\0\2\1\2")

    def meta(at: int) -> bytes:
        places = b"\1\0\0\0\x44\0\0\2"
        places += struct.pack(">4H2I", 1, 0, 0, 1, at, len(tile) - 8)
        places += struct.pack(">4H2I", 2, 1, 0, 1, 0, len(plan))
        return _box(
            b"meta",
            bytes(4)
            + _box(b"hdlr", bytes(8) + b"pict" + bytes(13))
            + _box(b"pitm", b"\0\0\0\0\0\2")
            + _box(b"iinf", bytes(4) + items)
            + _box(b"iref", bytes(4) + pieces)
            + _box(b"iprp", looks)
            + _box(b"iloc", places)
            + _box(b"idat", plan),
        )

    return kind + meta(len(kind) + len(meta(0)) + 8) + tile


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def _found(photo: bytes, name: bytes) -> bytes:
    place = photo.index(name) - 4
    return photo[place : place + struct.unpack(">I", photo[place : place + 4])[0]]


def many_frames(kind: str) -> bytes:
    frames = [Image.new("RGB", (1_500, 1_500), (number, 0, 0)) for number in range(12)]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=9)
    return out.getvalue()


TAKEN: dict[str, Callable[[], bytes]] = {
    "a moving WebP": lambda: many_frames("WEBP"),
    "a moving PNG": lambda: many_frames("PNG"),
    "50 million pixels": lambda: saved(a_picture(size=(7_000, 7_000)), "PNG").getvalue(),
}


def test_the_portal_refuses_them_and_stays_as_small_as_it_was(invitation: Invitation) -> None:
    with serving() as portal:
        form = portal.enter(link(invitation))

        def send(content: bytes) -> Any:
            token = {"csrfmiddlewaretoken": form["csrfmiddlewaretoken"]}
            return portal.post("/releves/photo", {**token, "photo": a_file(content)})

        assert send(animated("PNG")).status_code == 200
        portal.rest()
        before = portal.memory()
        for what in BOMBS:
            make, sentence = REFUSED[what]
            answer = send(make())
            assert answer.status_code == 422 and json.loads(answer.content) == {
                "error": sentence
            }, what
        for tiles in (16, 40):
            assert send(a_mosaic(tiles)).status_code == 422
        for what, taken in TAKEN.items():
            assert send(taken()).status_code == 200, what
        assert portal.memory() - before < GROWTH
    assert Proof.objects.count() == 1 + len(TAKEN)
