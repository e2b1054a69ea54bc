"""A file that a command was told to write: never over one that is there."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext as _

from releveur.ops.doors import Refused


def check(path: Path) -> None:
    """Before long work: refuse a name that is taken.

    :raises Refused: the file exists
    """
    if path.exists():
        raise Refused(
            _("%(file)s is there already and stays as it is. Give another name.") % {"file": path}
        )


def write(path: Path, content: bytes) -> None:
    """Write a file that was not there.

    :raises Refused: it is there, or cannot be written
    """
    try:
        with path.open("xb") as file:
            try:
                file.write(content)
                file.flush()
            except OSError:
                path.unlink(missing_ok=True)
                raise
    except FileExistsError:
        check(path)
    except OSError as problem:
        raise Refused(
            _("%(file)s cannot be written: %(problem)s")
            % {"file": path, "problem": problem.strerror}
        ) from None
