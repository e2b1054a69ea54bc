"""A page, a program or a document sent as a photo never comes back as one: what is no picture is refused, what is
a picture and something else besides is stored as the picture alone, under a name of ours, and shown as a
JPEG that may neither run nor load anything.

SVG, HTML, PDF and EPS are sent, and files that are two things at once (a GIF that is a Java archive, a JPEG
that is PHP, a JPEG that is a script, a PNG that is a page), under names that climb folders, end early, read
backwards or break the header. The stored file, its place and the answer that shows it are looked at.

Without drawing anew (`_as_jpeg` of `readings/pictures.py`) the PHP and the script are stored; without `uuid4`
in `readings/proofs.py` the file lies under the sender's name; without the two headers in
`web/portal/receipts.py: photo` a browser may run it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from releveur.fleet.models import Device
from releveur.readings.models import Proof
from tests.faults.disks import files_lie_in
from tests.web.conftest import customer, visitor
from tests.web.seeing import field
from tests.web.test_photos import NO_PHOTO, saved
from tests.web.visiting import a_photo, fields, text

__all__ = ["customer", "visitor"]

pytestmark = pytest.mark.django_db

PHP = b"<?php system($_GET['c']); ?>"
SCRIPT = b"*/=alert(document.cookie);/*"
PAGE = b"<html><script>alert(1)</script></html>"
STORED = re.compile(r"proofs/\d{4}/\d{2}/[0-9a-f]{32}\.jpg")


def an_archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Main-Class: Evil")
    return out.getvalue()


def a_png_that_is_a_page() -> bytes:
    info = PngInfo()
    info.add_text("Comment", PAGE.decode())
    return saved("PNG", pnginfo=info) + PAGE


REFUSED: dict[str, Callable[[], bytes]] = {
    "SVG": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "HTML": lambda: PAGE,
    "PDF": lambda: b"%PDF-1.7\n1 0 obj <</S /JavaScript /JS (app.alert(1))>> endobj",
    "EPS": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file",
    "a GIF that is a Java archive": lambda: saved("GIF") + an_archive(),
    "a page that ends as a JPEG": lambda: PAGE + saved("JPEG"),
}
NEUTRALISED: dict[str, Callable[[], bytes]] = {
    "a JPEG that is PHP": lambda: saved("JPEG", comment=PHP) + PHP,
    "a JPEG that is a script": lambda: saved("JPEG", comment=SCRIPT, exif=b"Exif\0\0" + SCRIPT),
    "a JPEG that is a Java archive": lambda: saved("JPEG") + an_archive(),
    "a PNG that is a page": a_png_that_is_a_page,
}
NAMES = (
    "../../../../etc/cron.d/photo.jpg",
    "..\\..\\photo.jpg",
    "/etc/photo.jpg",
    "photo.php\0.jpg",
    "photo\u202egpj.exe",
    "photo.svg",
    'photo".html"; x="\r\nX-Evil: 1',
    "x" * 300 + ".jpg",
)


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_picture_is_refused(visitor: Client, device: Device, what: str) -> None:
    file = SimpleUploadedFile("IMG_0001.jpg", REFUSED[what](), content_type="image/jpeg")
    answer = visitor.post("/releves/photo", {"photo": file})
    assert (answer.status_code, answer.json()) == (422, {"error": NO_PHOTO})
    assert not Proof.objects.exists()


@pytest.mark.parametrize("what", NEUTRALISED)
def test_of_what_is_two_things_only_the_picture_is_stored(
    visitor: Client, device: Device, what: str
) -> None:
    sent = NEUTRALISED[what]()
    assert any(trace in sent for trace in (PHP, SCRIPT, PAGE, b"PK\3\4"))
    sends(visitor, device, SimpleUploadedFile("IMG_0001.jpg", sent, content_type="text/html"))
    with Proof.objects.get().file.open("rb") as file:
        stored: bytes = file.read()
    assert not [trace for trace in (PHP, SCRIPT, PAGE, b"PK\3\4", b"<?php") if trace in stored]
    with Image.open(io.BytesIO(stored)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (64, 64))
    assert stored.endswith(b"\xff\xd9"), "nothing follows the picture"


@pytest.mark.parametrize("name", NAMES)
def test_the_senders_name_is_neither_a_place_nor_a_header(
    visitor: Client, device: Device, settings: LazySettings, tmp_path: Path, name: str
) -> None:
    files_lie_in(tmp_path / "files", settings)
    photo = a_photo()
    photo.name = name
    sends(visitor, device, photo)

    proof = Proof.objects.get()
    assert STORED.fullmatch(str(proof.file.name))
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [Path(proof.file.path)]
    shown = visitor.get(f"/releves/photo/{proof.pk}")
    assert {header: shown[header] for header in SHOWN} == SHOWN
    assert "X-Evil" not in shown


SHOWN = {
    "Content-Type": "image/jpeg",
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": 'inline; filename="photo.jpg"',
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def sends(visitor: Client, device: Device, photo: SimpleUploadedFile) -> None:
    """With a lower value, which wants it."""
    form = fields(visitor.get("/releves")) | {
        field(device): "39600",
        field(device, "color"): "92910",
        f"reason-{device.pk}": "OTHER",
    }
    page = visitor.post("/releves", {**form, f"file-{device.pk}": photo})
    assert page.status_code == 303, text(page)
