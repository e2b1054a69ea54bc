"""What `verify_backup` and `restore` have in common: the file is read whole before anything else is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.ops import archive
from releveur.ops.archive import Key, Manifest
from releveur.ops.doors import Refused


def arguments(parser: CommandParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--key", type=Path, action="append", default=[], metavar="FILE", help=_("secret key")
    )


def read_whole(
    file: Path, *, keys: Sequence[Key], progress: Callable[[int, int], None]
) -> Manifest:
    """:raises Refused: it cannot be read, is damaged, or is opened by another key"""
    try:
        size = file.stat().st_size
        if archive.is_encrypted(file) and not keys:
            raise Refused(_("%(file)s is encrypted: say its key with --key FILE.") % {"file": file})
        return archive.read_whole(file, keys=keys, seen=lambda seen: progress(seen, size))
    except OSError as problem:
        raise Refused(
            _("%(file)s cannot be read: %(problem)s") % {"file": file, "problem": problem}
        ) from None
    except archive.WrongKey:
        raise Refused(_("This key does not open %(file)s.") % {"file": file}) from None
    except archive.Damaged as damage:
        raise Refused(
            _("%(file)s is damaged: %(what)s. Take another backup.")
            % {"file": file, "what": damage},
            answer={"whole": False, "error": str(damage)},
        ) from None
