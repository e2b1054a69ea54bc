"""A backup's file: one tar of a dump, the files and a manifest, encrypted in the age format when asked.

Everything is streamed, written and read: memory does not grow with it. The manifest comes last and says
size and SHA-256 of all that came before; a file that was cut has none. `age --decrypt` and `tar` open it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

import pyrage

MANIFEST = "manifest.json"
DUMP = "database.dump"
FILES = "files/"
SECRETS = "secrets/"
FORMAT = 1
AGE = b"age-encryption.org/v1"
CHUNK = 1024 * 1024

type Recipient = Any
"""Of pyrage: a public key of age or SSH, for whom it is encrypted."""

type Key = Any
"""Of pyrage: the secret key that opens it."""

type Seen = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    size: int
    content: IO[bytes]


class Damaged(Exception):
    """The file is no backup, or not whole; the message says what was found."""


class WrongKey(Exception):
    """It is encrypted, and what was given does not open it."""


@dataclass(slots=True)
class Manifest:
    """What a backup says of itself."""

    releveur: str
    made_at: str
    postgresql: int
    """Version of the server that was dumped."""
    programs: int
    """Version of the `pg_dump` that did it."""
    installation: str
    migrations: dict[str, list[str]]
    tables: dict[str, int]
    """Rows of each table."""
    missing_files: list[str] = field(default_factory=list)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def has_secrets(self) -> bool:
        return any(name.startswith(SECRETS) for name in self.members)

    @property
    def files(self) -> int:
        return sum(name.startswith(FILES) for name in self.members)


class Hashing:
    """A file that is read once, with its sum."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.sum = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._source.read(size)
        self.sum.update(chunk)
        self.size += len(chunk)
        return chunk

    def said(self) -> dict[str, Any]:
        return {"bytes": self.size, "sha256": self.sum.hexdigest()}


class Writer:
    """Members are added one after the other; `close` writes the manifest that lists them."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self._tar = tar
        self._manifest = manifest

    def add(self, name: str, content: IO[bytes], *, size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        hashing = Hashing(content)
        self._tar.addfile(entry, hashing)
        self._manifest.members[name] = hashing.said()

    def close(self) -> None:
        content = json.dumps(asdict(self._manifest), indent=1, ensure_ascii=False).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size, entry.mode = len(content), 0o600
        self._tar.addfile(entry, io.BytesIO(content))


@contextmanager
def written(
    out: BinaryIO, manifest: Manifest, *, recipients: Sequence[Recipient]
) -> Iterator[Writer]:
    """Write an archive; encrypted when there is somebody to encrypt it for."""
    with (
        _encrypted(out, recipients) if recipients else nullcontext(out) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        writer = Writer(tar, manifest)
        yield writer
        writer.close()


def is_encrypted(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(AGE)) == AGE


@contextmanager
def members(
    path: Path, *, keys: Sequence[Key] = (), seen: Seen = lambda _bytes: None
) -> Iterator[Iterator[Member]]:
    """The members of an archive, one after the other; each is read before the next is asked for.

    :param seen: called with the bytes of the file that were read
    :raises Damaged: it is not one, or it ends too early
    :raises WrongKey: none of the keys opens it
    """
    with path.open("rb", buffering=CHUNK) as file:
        source = _Watched(file, seen)
        plain: AbstractContextManager[Any] = nullcontext(source)
        with _decrypted(source, keys) if is_encrypted(path) else plain as stream:
            try:
                with tarfile.open(fileobj=stream, mode="r|") as tar:
                    yield _walk(tar)
            except (tarfile.TarError, EOFError) as fault:
                raise Damaged(str(fault)) from fault


def read_whole(
    path: Path, *, keys: Sequence[Key] = (), seen: Seen = lambda _bytes: None
) -> Manifest:
    """Read every byte and compare it with the manifest.

    :raises Damaged: something is missing, changed or too much
    :raises WrongKey: as `members`
    """
    sums: dict[str, dict[str, Any]] = {}
    manifest: Manifest | None = None
    with members(path, keys=keys, seen=seen) as found:
        for member in found:
            if member.name == MANIFEST:
                manifest = _manifest(member.content.read())
                continue
            hashing = Hashing(member.content)
            while hashing.read(CHUNK):
                pass
            sums[member.name] = hashing.said()
    if manifest is None:
        raise Damaged(f"{MANIFEST} is missing: the file was cut, or is no backup")
    _compare(manifest, sums)
    return manifest


def _compare(manifest: Manifest, sums: dict[str, dict[str, Any]]) -> None:
    wrong = [
        f"{name}: {_difference(manifest.members.get(name), sums.get(name))}"
        for name in sorted({*manifest.members, *sums})
        if manifest.members.get(name) != sums.get(name)
    ]
    if wrong:
        raise Damaged("; ".join(wrong))


def _difference(told: object, found: object) -> str:
    if found is None:
        return "is missing"
    return "is too much" if told is None else "is not what was written"


def _manifest(content: bytes) -> Manifest:
    try:
        said = json.loads(content)
        if said["format"] > FORMAT:
            raise Damaged("written by a later version of Releveur")
        return Manifest(**said)
    except (ValueError, TypeError, KeyError) as fault:
        raise Damaged(f"{MANIFEST}: {fault}") from fault


def _walk(tar: tarfile.TarFile) -> Iterator[Member]:
    for entry in tar:
        name = PurePosixPath(entry.name)
        content = tar.extractfile(entry) if entry.isreg() else None
        if content is None or name.is_absolute() or ".." in name.parts:
            raise Damaged(f"{entry.name}: nothing of ours")
        yield Member(entry.name, entry.size, content)


class _Watched:
    """A file that tells how far it was read."""

    def __init__(self, file: IO[bytes], seen: Seen) -> None:
        self._file = file
        self._seen = seen
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._read += len(chunk)
        self._seen(self._read)
        return chunk


@contextmanager
def _encrypted(out: BinaryIO, recipients: Sequence[Recipient]) -> Iterator[BinaryIO]:
    """What is written here is encrypted by another thread: the library wants to read, and so does the tar."""
    reading, writing = os.pipe()

    def encrypt() -> None:
        with os.fdopen(reading, "rb") as source:
            pyrage.encrypt_io(source, out, recipients)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(encrypt)
        try:
            with os.fdopen(writing, "wb", buffering=CHUNK) as sink:
                yield sink
        except BrokenPipeError:
            done.result()
            raise
        done.result()


@contextmanager
def _decrypted(source: _Watched, keys: Sequence[Key]) -> Iterator[IO[bytes]]:
    reading, writing = os.pipe()

    def decrypt() -> None:
        # Whoever stops reading early breaks the pipe; that is his business, not a fault of the file.
        with suppress(BrokenPipeError), os.fdopen(writing, "wb", buffering=CHUNK) as sink:
            pyrage.decrypt_io(source, sink, keys)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(decrypt)
        try:
            with os.fdopen(reading, "rb", buffering=CHUNK) as plain:
                yield plain
        finally:
            _settle(done)


def _settle(done: Future[None]) -> None:
    try:
        done.result()
    except pyrage.DecryptError as fault:
        if "key" in str(fault).lower():
            raise WrongKey(str(fault)) from fault
        raise Damaged(str(fault)) from fault
    except OSError as fault:
        # The library's own word for a part that was changed; what the system says has a number.
        if fault.errno is None:
            raise Damaged(str(fault)) from fault
        raise
