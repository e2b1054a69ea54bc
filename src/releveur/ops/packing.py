"""Where files are written one after the other: a folder, or a zip that appears whole."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, TextIO, cast

from django.utils.translation import gettext as _

from releveur.ops import new_files
from releveur.ops.doors import Refused


class Pack(Protocol):
    def binary(self, name: str) -> BinaryIO:
        """A file of that name, to be written and closed before the next."""

    def text(self, name: str) -> TextIO:
        """The same, for text as UTF-8."""


class Folder:
    def __init__(self, place: Path) -> None:
        self._place = place

    def binary(self, name: str) -> BinaryIO:
        path = self._place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")

    def text(self, name: str) -> TextIO:
        return _as_text(self.binary(name))


class Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def binary(self, name: str) -> BinaryIO:
        stored = zipfile.ZIP_STORED if name.endswith(".jpg") else zipfile.ZIP_DEFLATED
        entry = zipfile.ZipInfo(name)
        entry.compress_type = stored
        return cast("BinaryIO", self._archive.open(entry, "w", force_zip64=True))

    def text(self, name: str) -> TextIO:
        return _as_text(self.binary(name))


def _as_text(file: BinaryIO) -> TextIO:
    return io.TextIOWrapper(file, encoding="utf-8", newline="")


@contextmanager
def packing(target: Path) -> Iterator[Pack]:
    """A zip where the name says so, else a folder; neither may hold anything yet.

    :raises Refused: it is there already, or cannot be written
    """
    new_files.check(target)
    draft = target.with_name(f".{target.name}.draft")
    try:
        if target.suffix == ".zip":
            with zipfile.ZipFile(draft, "x") as archive:
                draft.chmod(0o600)
                yield Zip(archive)
        else:
            draft.mkdir(mode=0o700)
            yield Folder(draft)
        draft.rename(target)
    except FileExistsError:
        raise Refused(
            _("%(draft)s is left from an export that was stopped: remove it.") % {"draft": draft}
        ) from None
    except OSError as problem:
        raise Refused(
            _("%(file)s cannot be written: %(problem)s")
            % {"file": target, "problem": problem.strerror}
        ) from None
