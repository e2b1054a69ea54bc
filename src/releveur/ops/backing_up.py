"""A backup: the database, the files it names, and what is needed to know that both are whole.

Everything is of one instant: the dump and the counts share a snapshot of the database, and the files
are those its rows name. They are written once and never changed, so that they may be read after it.
"""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, LiteralString

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import FileField
from django.utils.translation import gettext as _
from psycopg import sql

from releveur.ops import archive, new_files, postgres_programs
from releveur.ops.archive import Manifest, Recipient, Writer
from releveur.ops.doors import Refused

SECRETS = {"secret_key": "SECRET_KEY", "link_secret": "LINK_SECRET"}
"""Names in the archive, and of the settings."""

_ISO = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'

type Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Source:
    """One snapshot of the database, held open while it is copied."""

    snapshot: str
    manifest: Manifest
    files: Sequence[str]


def back_up(
    target: Path, *, recipients: Sequence[Recipient] = (), with_secrets: bool, progress: Progress
) -> Manifest:
    """Write one file that a new machine can be made from; it appears whole, or not at all.

    :raises Refused: the file is there, cannot be written, or no `pg_dump` fits the server
    """
    new_files.check(target)
    try:
        with (
            _snapshot() as source,
            _draft(target) as out,
            archive.written(out, source.manifest, recipients=recipients) as writer,
        ):
            _add_dump(writer, source, beside=target.parent)
            _add_files(writer, source, progress)
            if with_secrets:
                _add_secrets(writer)
    except OSError as problem:
        raise Refused(
            _("%(file)s cannot be written: %(problem)s")
            % {"file": target, "problem": problem.strerror or problem}
        ) from None
    return source.manifest


@contextmanager
def _snapshot() -> Iterator[Source]:
    where = postgres_programs.conninfo(settings.OWNER_DATABASE)
    with psycopg.connect(where) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        manifest = _said_of(connection)
        snapshot = _one(connection, "select pg_export_snapshot()")
        yield Source(snapshot, manifest, _files_named(connection, manifest.tables))


def _said_of(connection: psycopg.Connection) -> Manifest:
    server = connection.info.server_version // 10_000
    return Manifest(
        releveur=version("releveur"),
        made_at=_one(connection, f"select to_char(now() at time zone 'UTC', '{_ISO}')"),
        postgresql=server,
        programs=postgres_programs.major(_pg_dump(server)),
        installation=settings.INSTALLATION,
        migrations=migrations_of(connection),
        tables=counts(connection),
    )


def counts(connection: psycopg.Connection) -> dict[str, int]:
    """Rows of each table."""
    listed = connection.execute(
        "select tablename from pg_tables where schemaname = 'public' order by tablename"
    )
    return {
        name: _one(connection, sql.SQL("select count(*) from {}").format(sql.Identifier(name)))
        for (name,) in listed.fetchall()
    }


def migrations_of(connection: psycopg.Connection) -> dict[str, list[str]]:
    """What was applied, by app."""
    rows = connection.execute(
        "select app, array_agg(name order by name) from django_migrations group by app order by app"
    )
    return dict(rows.fetchall())


def _files_named(connection: psycopg.Connection, tables: Collection[str]) -> list[str]:
    """What the rows of the snapshot name, whichever table they are of."""
    names: set[str] = set()
    for options in (model._meta for model in apps.get_models()):  # noqa: SLF001  # documented, whatever its name
        for field in options.local_fields:
            if isinstance(field, FileField) and options.db_table in tables:
                query = sql.SQL("select {0} from {1} where {0} <> ''").format(
                    sql.Identifier(field.attname), sql.Identifier(options.db_table)
                )
                names.update(name for (name,) in connection.execute(query).fetchall())
    return sorted(names)


def _one(connection: psycopg.Connection, query: LiteralString | sql.Composed) -> Any:
    row = connection.execute(query).fetchone()
    assert row
    return row[0]


def _pg_dump(server: int) -> Path:
    return postgres_programs.folder("pg_dump", at_least=server) / "pg_dump"


def _add_dump(writer: Writer, source: Source, *, beside: Path) -> None:
    """Kept for a moment in a file without a name: a tar says how long a member is before it begins."""
    database = settings.OWNER_DATABASE
    with tempfile.TemporaryFile(dir=beside) as dump:
        done = subprocess.run(
            [
                _pg_dump(source.manifest.postgresql), "--format=custom", "--no-owner", "--no-acl",
                "--no-comments", f"--snapshot={source.snapshot}", *postgres_programs.where(database),
            ],
            env=postgres_programs.environment(database), stdin=subprocess.DEVNULL, stdout=dump,
            stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Refused(_("pg_dump failed: %(why)s") % {"why": done.stderr.decode().strip()})
        dump.seek(0)
        writer.add(archive.DUMP, dump, size=os.fstat(dump.fileno()).st_size)


def _add_files(writer: Writer, source: Source, progress: Progress) -> None:
    """A file that a row names and nobody finds is said in the manifest; the backup goes on."""
    for number, name in enumerate(source.files, 1):
        if default_storage.exists(name):
            with default_storage.open(name) as file:
                writer.add(f"{archive.FILES}{name}", file, size=file.size)
        else:
            source.manifest.missing_files.append(name)
        progress(number, len(source.files))


def _add_secrets(writer: Writer) -> None:
    for name, setting in SECRETS.items():
        content = str(getattr(settings, setting)).encode()
        writer.add(f"{archive.SECRETS}{name}", io.BytesIO(content), size=len(content))


@contextmanager
def _draft(target: Path) -> Iterator[BinaryIO]:
    draft = target.with_name(f".{target.name}.draft")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        new_files.check(target)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
