"""Small disks of memory that are really full, and files that lie on them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import LazySettings

from releveur.bounded import MEGABYTE


def files_lie_in(folder: Path, settings: LazySettings) -> None:
    """As in production; the other tests keep them in memory."""
    settings.MEDIA_ROOT = folder
    file_system = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": file_system}


class Disk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, *, leave: int = 0) -> None:
        """Until not a byte is left, or so many."""
        with self._filler.open("ab", buffering=0) as filler:
            with contextlib.suppress(OSError):
                while True:
                    filler.write(bytes(max(self._free(), 4096)))
            if leave:
                filler.truncate(filler.tell() - leave)
        assert self._free() == leave

    def free(self) -> None:
        """Somebody made room."""
        self._filler.unlink()

    def _free(self) -> int:
        state = os.statvfs(self.folder)
        return state.f_bavail * state.f_frsize


@contextmanager
def mounted(*, megabytes: int) -> Iterator[Disk]:
    """A disk of that size, of memory, open to all; mounting one takes root."""
    if os.geteuid() != 0:
        pytest.fail(
            "this test mounts a small disk (tmpfs), which takes root: run it as root, for instance in a"
            " container that may mount (--cap-add SYS_ADMIN)"
        )
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    how = f"size={megabytes * MEGABYTE},mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", how, "tmpfs", folder], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()
