"""A photo says what the counter shows, never where it was taken nor by which telephone.

A telephone writes the place, the day and its own serial number into every picture. We store the picture
anew, upright, without any of it; the original is not kept. What your staff sees, exports or copies from our
disk cannot hold what was never written there.

Seen to fail without: the new picture in `_as_jpeg` of `readings/proofs.py` (saving the one that came, with
its EXIF, is enough).
"""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from releveur.readings import proofs

pytestmark = pytest.mark.django_db

HERE = (IFDRational(48), IFDRational(52), IFDRational(1031, 100))
SERIAL = "DN6XJ0ZKPLMQ"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>48,52.17N</exif:GPSLatitude></x:xmpmeta>'
TRACES = (
    b"Exif\x00\x00",
    SERIAL.encode(),
    b"iPhone",
    b"GPSLatitude",
    b"adobe:ns:meta",
    b"ICC_PROFILE",
)
TALKATIVE = ("JPEG", "HEIF", "WEBP", "PNG")


def taken_with_a_telephone(kind: str) -> io.BytesIO:
    """A picture as a telephone writes it: place, maker, serial number, a thumbnail, XMP, a comment."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Apple", "iPhone 15"
    exif[ExifTags.Base.DateTime] = "2022:04:05 10:00:00"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.BodySerialNumber] = SERIAL
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", HERE
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", HERE
    more: dict[str, Any] = {"comment": SERIAL.encode(), "xmp": XMP} if kind == "JPEG" else {}
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "grey").save(out, kind, exif=exif.tobytes(), **more)
    out.seek(0)
    return out


def gps_of(content: bytes) -> dict[int, Any]:
    with Image.open(io.BytesIO(content)) as picture:
        return dict(picture.getexif().get_ifd(ExifTags.IFD.GPSInfo))


@pytest.mark.parametrize("kind", TALKATIVE)
def test_the_picture_that_comes_says_where_and_the_stored_one_nothing(kind: str) -> None:
    sent = taken_with_a_telephone(kind)
    assert gps_of(sent.getvalue())[ExifTags.GPS.GPSLatitude] == HERE, "the test's own picture talks"
    assert SERIAL.encode() in sent.getvalue()

    with proofs.store(sent).file.open("rb") as file:
        stored: bytes = file.read()

    assert gps_of(stored) == {}
    assert not [trace for trace in TRACES if trace in stored]
    with Image.open(io.BytesIO(stored)) as picture:
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
