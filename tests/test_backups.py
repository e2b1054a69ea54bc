"""A backup is worth what can be made of it: taken, looked at, damaged, and restored on another machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyrage
import pytest

from releveur import postgres
from releveur.ops import archive
from tests.faults.installing import Installation, installed

PHOTO = "proofs/2022/04/photo.jpg"
MEMORY = """
import re, sys
from pathlib import Path
from releveur import __main__
try:
    __main__.main()
finally:
    highest = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
    print(int(highest[1]) // 1024, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def desk(
    server: postgres.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with installed(server, tmp_path_factory.mktemp("desk")) as desk:
        desk.owes("alexandra@gramont.example")
        keeps(desk, PHOTO, b"\xff\xd8" + os.urandom(5_000))
        yield desk


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A public key, and the file of the secret one."""
    made = pyrage.x25519.Identity.generate()
    file = tmp_path_factory.mktemp("safe") / "key.txt"
    file.write_text(f"# created by age-keygen\n{made}\n")
    return str(made.to_public()), file


def keeps(desk: Installation, name: str, content: bytes) -> None:
    """A photo as the portal keeps it: a file, and a row that names it."""
    place = desk.data / "files" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    desk.query("insert into readings_proof (file, sha256) values (%s, %s)", name, digest)


def test_a_backup_makes_a_new_machine_which_sends_nothing_yet(
    desk: Installation, server: postgres.Server, tmp_path: Path, key: tuple[str, Path]
) -> None:
    public, secret = key
    file = tmp_path / "night.tar.age"
    made = desk.releveur("backup", file, "--to", public)
    assert (made["encrypted"], made["secrets"], made["files"]) == (True, True, 1)
    assert file.stat().st_mode & 0o077 == 0
    deep = desk.releveur("verify_backup", file, "--key", secret, "--deep")
    assert (deep["whole"], deep["restored_aside"], deep["rows"]) == (True, True, made["rows"])

    with installed(server, tmp_path / "new", migrated=False) as new:
        tried = new.releveur("restore", file, "--key", secret, "--dry-run")
        assert tried["restored"] is False
        assert new.query("select count(*) from pg_tables where schemaname = 'public'") == [(0,)]
        assert new.releveur("restore", file, "--key", secret)["restored"] is True
        assert new.query('select "to", state from outbox_mail') == [
            ("alexandra@gramont.example", "OWED")
        ]
        assert new.query("select why from outbox_hold") == [("RESTORED",)]
        for same in (f"files/{PHOTO}", "link_secret", "secret_key"):
            assert (new.data / same).read_bytes() == (desk.data / same).read_bytes()
        assert "application" not in new.start("tick").stderr, (
            "the application's role has its rights"
        )
        again = new.releveur("backup", tmp_path / "again.tar")
        assert (again["secrets"], again["rows"]) == (False, made["rows"] + 1), "the hold is a row"
        restored = new.releveur("restore", tmp_path / "again.tar", "--replace")
        assert restored["files"] == 1


def test_what_is_there_is_not_lost_unless_it_is_said(desk: Installation, tmp_path: Path) -> None:
    file = tmp_path / "night.tar"
    desk.releveur("backup", file)
    assert "overwritten" not in desk.start("backup", file).stderr
    assert desk.start("backup", file).returncode == 1, "an older backup is never written over"
    refused = desk.start("restore", file)
    assert refused.returncode == 1 and "--replace" in refused.stderr


def test_a_restore_waits_for_nobody_to_be_at_work(desk: Installation, tmp_path: Path) -> None:
    file = tmp_path / "night.tar"
    desk.releveur("backup", file)
    with psycopg.connect(desk.server.conninfo(name=desk.database)):
        refused = desk.start("restore", file, "--replace")
    assert refused.returncode == 1 and "serve" in refused.stderr
    assert desk.query("select count(*) from outbox_mail") == [(1,)]


def test_standard_programs_open_it(
    desk: Installation, tmp_path: Path, key: tuple[str, Path]
) -> None:
    public, secret = key
    desk.releveur("backup", tmp_path / "night.tar.age", "--to", public)
    plain = tmp_path / "night.tar"
    if age := shutil.which("age"):
        subprocess.run([age, "-d", "-i", secret, "-o", plain, f"{plain}.age"], check=True)
    else:
        plain.write_bytes(
            pyrage.decrypt((tmp_path / "night.tar.age").read_bytes(), archive_keys(secret))
        )
    with tarfile.open(plain) as tar:
        assert tar.getnames()[-1] == "manifest.json"
        tar.extractall(tmp_path / "out", filter="data")
    dump = str(tmp_path / "out" / "database.dump")
    listed = subprocess.run(
        [str(desk.server.binaries / "pg_restore"), "--list", dump], check=True, capture_output=True
    )
    assert b"TABLE DATA public outbox_mail" in listed.stdout


def archive_keys(secret: Path) -> list[object]:
    return [pyrage.x25519.Identity.from_str(secret.read_text().splitlines()[-1])]


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_backup_that_was_cut_or_changed_is_refused(
    desk: Installation, tmp_path: Path, key: tuple[str, Path], encrypted: bool
) -> None:
    public, secret = key
    file = tmp_path / "night.tar"
    desk.releveur("backup", file, *(["--to", public] if encrypted else []))
    keys = archive_keys(secret) if encrypted else []
    whole = file.read_bytes()
    archive.read_whole(file, keys=keys)
    for place in range(600, len(whole), len(whole) // 12):
        changed = bytearray(whole)
        changed[place] ^= 1
        file.write_bytes(changed)
        with pytest.raises(archive.Damaged):
            archive.read_whole(file, keys=keys)
        file.write_bytes(whole[:place])
        with pytest.raises(archive.Damaged):
            archive.read_whole(file, keys=keys)


def test_the_wrong_key_is_said(desk: Installation, tmp_path: Path, key: tuple[str, Path]) -> None:
    file = tmp_path / "night.tar.age"
    desk.releveur("backup", file, "--to", key[0])
    assert "--key" in desk.start("verify_backup", file).stderr
    with pytest.raises(archive.WrongKey):
        archive.read_whole(file, keys=[pyrage.x25519.Identity.generate()])


def test_memory_does_not_grow_with_the_photos(
    desk: Installation, server: postgres.Server, tmp_path: Path, key: tuple[str, Path]
) -> None:
    with installed(server, tmp_path / "heavy") as heavy:
        keeps(heavy, "proofs/large.jpg", bytes(200_000_000))
        command = [
            sys.executable,
            "-c",
            MEMORY,
            "backup",
            str(tmp_path / "heavy.age"),
            "--to",
            key[0],
        ]
        done = subprocess.run(
            command, env=heavy.environment, capture_output=True, text=True, check=True
        )
        assert int(done.stderr.splitlines()[-1]) < 200, "MB, of which Django takes most"
