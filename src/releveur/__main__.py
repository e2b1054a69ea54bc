"""The program `releveur`: the embedded server where one is used, then one command."""

from __future__ import annotations

import os
import sys

from releveur.knobs import KnobMisread
from releveur.postgres import PostgresUnavailable

NEED_NO_DATABASE = {"help", "--help", "-h", "version", "--version"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releveur.settings")
    arguments = sys.argv[1:] or ["help"]
    try:
        _open_database(arguments)
    except (KnobMisread, PostgresUnavailable) as problem:
        sys.exit(f"releveur: {problem}")
    from django.core.management import execute_from_command_line  # noqa: PLC0415  # reads the settings

    execute_from_command_line(["releveur", *arguments])


def _open_database(arguments: list[str]) -> None:
    from django.conf import settings  # noqa: PLC0415  # read only once their module is named above

    server = settings.POSTGRES
    if server and not NEED_NO_DATABASE.intersection(arguments):
        server.start()


if __name__ == "__main__":
    main()
