"""Photos in a bucket: kept, shown, backed up and restored as in a folder. The storage is a server that speaks S3."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from releveur import files, postgres
from releveur.knobs import KnobMisread
from tests.faults.installing import Installation, installed
from tests.sink import a_free_port

ROOT = Path(__file__).resolve().parent.parent
STORE = """
import django
django.setup()
from io import BytesIO
from PIL import Image
from django.core.files.storage import default_storage
from releveur.readings import proofs
picture = BytesIO()
Image.new("RGB", (60, 40), "red").save(picture, "PNG")
picture.seek(0)
proof = proofs.store(picture)
assert default_storage.open(proof.file.name).read() == proof.file.read()
print(proof.file.name, proof.sha256)
"""


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The address of a bucket, as the setting takes it."""
    port = a_free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    there = f"http://127.0.0.1:{port}"
    known = {
        "aws_access_key_id": "key",
        "aws_secret_access_key": "se/cret",
        "region_name": "fr-par",
    }
    client = boto3.client("s3", endpoint_url=there, **known)
    where = {"LocationConstraint": "fr-par"}
    client.create_bucket(Bucket="photos", CreateBucketConfiguration=where)
    yield f"s3://key:se%2Fcret@photos/desk?endpoint={there}&region=fr-par"
    server.stop()


@pytest.fixture
def desk(server: postgres.Server, tmp_path: Path, bucket: str) -> Iterator[Installation]:
    with installed(server, tmp_path / "desk", RELEVEUR_FILES_URL=bucket) as desk:
        yield desk


def test_photos_live_in_the_bucket_and_travel_with_a_backup(
    desk: Installation, server: postgres.Server, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STORE], env=desk.environment, cwd=ROOT, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    name, digest = done.stdout.split()
    assert not (desk.data / "files").exists(), "nothing of it is on this machine"
    assert desk.releveur("backup", tmp_path / "night.tar")["files"] == 1

    with installed(server, tmp_path / "folder", migrated=False) as folder:
        folder.releveur("restore", tmp_path / "night.tar")
        kept = (folder.data / "files" / name).read_bytes()
        assert hashlib.sha256(kept).hexdigest() == digest


def test_without_an_address_photos_are_in_the_data_folder(tmp_path: Path) -> None:
    assert files.storage("", folder=tmp_path)["OPTIONS"] == {"location": str(tmp_path)}


@pytest.mark.parametrize("wrong", ["ftp://photos", "s3://", "s3://photos?endpiont=http://x"])
def test_an_address_that_cannot_be_understood_is_refused(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(KnobMisread):
        files.storage(wrong, folder=tmp_path)
