"""From a backup back to an installation: the files first, then the database in one transaction.

The archive is read whole before anything is touched. When the restore is over a hold is on
(`outbox.holding`): what the backup owes may have left since.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psycopg
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from releveur import knobs, postgres
from releveur.ops import archive, backing_up, postgres_programs
from releveur.ops.archive import Key, Manifest
from releveur.ops.doors import Refused

BEFORE = b"""\\set ON_ERROR_STOP on
begin;
set local lock_timeout = '10s';
drop schema public cascade;
create schema public;
alter schema public owner to pg_database_owner;
"""
AFTER = b"""
insert into public.outbox_hold (id, installation, epoch, ticks, why, since)
values (1, '', gen_random_uuid(), 0, 'RESTORED', clock_timestamp())
on conflict (id) do update set why = excluded.why, since = excluded.since;
commit;
"""
"""Input that ends before `commit` changes nothing: the transaction is given up with the session."""

OURS = ("customers_customer", "outbox_mail", "fleet_device", "accounts_user")
"""Tables in which a row means that somebody lives here."""

LOOKS = 10

type Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Put:
    """What was put where."""

    files: int = 0
    secrets: list[str] = field(default_factory=list)
    secrets_elsewhere: list[str] = field(default_factory=list)
    """Secrets that the environment gives, other than the backup's: links that were sent are dead."""


def refuse_unfit(manifest: Manifest, *, replace: bool) -> None:
    """:raises Refused: this backup does not fit this program, this server, or this database"""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    told = {f"{app}.{name}" for app, names in manifest.migrations.items() for name in names}
    if unknown := sorted(told - known):
        raise Refused(
            _("This backup is of Releveur %(theirs)s, a later one (%(unknown)s). Upgrade first.")
            % {"theirs": manifest.releveur, "unknown": unknown[-1]}
        )
    with _connected() as connection:
        server = connection.info.server_version // 10_000
        if server < manifest.postgresql:
            raise Refused(
                _(
                    "This backup is of PostgreSQL %(theirs)d and this server is %(ours)d: restore it"
                    " into %(theirs)d or newer."
                )
                % {"theirs": manifest.postgresql, "ours": server}
            )
        if not replace and (rows := _lived_in(connection)):
            raise Refused(
                _("This database holds %(rows)s. Say --replace to lose them for the backup's.")
                % {"rows": ", ".join(f"{count} {table}" for table, count in rows.items())}
            )


def restore(path: Path, manifest: Manifest, *, keys: Sequence[Key] = (), progress: Progress) -> Put:
    """Put back files, secrets and database; call `refuse_unfit` before and `migrate` after.

    :raises Refused: somebody else uses the database, or PostgreSQL does not take it; nothing of it changed
    """
    connections.close_all()
    _refuse_company()
    put = Put()
    # The dump comes first in the archive and is put last: no row may name a file that is not there.
    with archive.members(path, keys=keys) as members:
        for member in members:
            if member.name.startswith(archive.FILES):
                _put_file(member.name.removeprefix(archive.FILES), member.content)
                put.files += 1
                progress(put.files, manifest.files)
            elif member.name.startswith(archive.SECRETS):
                secret = member.content.read().decode()
                _put_secret(member.name.removeprefix(archive.SECRETS), secret, put)
    with archive.members(path, keys=keys) as members:
        for member in members:
            if member.name == archive.DUMP:
                _put_database(member.content, manifest)
                break
    return put


@contextmanager
def scratch(
    path: Path, manifest: Manifest, *, keys: Sequence[Key] = ()
) -> Iterator[dict[str, int]]:
    """Restore the dump into a server of its own, made for it and thrown away; the rows of each table.

    :raises Refused: no server programs here, or the dump cannot be restored
    """
    binaries = postgres_programs.folder(
        "initdb", "pg_ctl", "pg_restore", at_least=manifest.programs
    )
    home = Path(tempfile.mkdtemp(prefix="releveur-verify-"))
    # PostgreSQL's own user has to enter; the data folder inside is closed to everybody else.
    home.chmod(0o711)
    server = postgres.Server(home, binaries=binaries, conf={"fsync": "off"})
    try:
        server.start()
        with archive.members(path, keys=keys) as members:
            dump = next(member for member in members if member.name == archive.DUMP)
            _pipe_into(dump.content, _restored_to(server, binaries))
        with psycopg.connect(server.conninfo(user=postgres.OWNER)) as connection:
            yield backing_up.counts(connection)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _restored_to(server: postgres.Server, binaries: Path) -> subprocess.Popen[bytes]:
    where = server.conninfo(user=postgres.OWNER)
    return subprocess.Popen(
        [binaries / "pg_restore", "--no-owner", "--no-acl", "--exit-on-error", f"--dbname={where}"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def _lived_in(connection: psycopg.Connection) -> Mapping[str, int]:
    there = backing_up.counts(connection)
    return {table: there[table] for table in OURS if there.get(table)}


@contextmanager
def _connected() -> Iterator[psycopg.Connection]:
    where = postgres_programs.conninfo(settings.OWNER_DATABASE)
    with psycopg.connect(where, autocommit=True) as connection:
        yield connection


def _refuse_company() -> None:
    """:raises Refused: a web or a worker still runs: it would work on rows that change under it"""
    # Whoever hung up a moment ago, ourselves included, is still listed for an instant.
    for _look in range(LOOKS):
        others = _others()
        if not others:
            return
        time.sleep(0.2)
    raise Refused(
        _("%(count)d others use this database. Stop `releveur serve` and `work` first.")
        % {"count": others}
    )


def _others() -> int:
    with _connected() as connection:
        found = connection.execute(
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and usename is not null"
        ).fetchone()
    return found[0] if found else 0


def _put_file(name: str, content: IO[bytes]) -> None:
    """Files are written once: one that is there already is the same."""
    if not default_storage.exists(name):
        kept = default_storage.save(name, File(content))
        if kept != name:
            default_storage.delete(kept)
            raise Refused(_("The file %(name)s cannot be put back.") % {"name": name})


def _put_secret(name: str, secret: str, put: Put) -> None:
    if name not in backing_up.SECRETS:
        return
    if knobs.text(f"RELEVEUR_{name.upper()}"):
        if getattr(settings, backing_up.SECRETS[name]) != secret:
            put.secrets_elsewhere.append(name)
        return
    place = Path(settings.DATA_DIR, name)
    if place.exists() and place.read_text().strip() == secret:
        return
    if place.exists():
        place.replace(place.with_suffix(".before_restore"))
    with os.fdopen(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
    put.secrets.append(name)


def _put_database(dump: IO[bytes], manifest: Manifest) -> None:
    """`pg_restore` writes SQL, `psql` runs it between our first and last words: all of it, or nothing."""
    database = settings.OWNER_DATABASE
    programs = postgres_programs.folder("pg_restore", "psql", at_least=manifest.programs)
    quietly = ["-X", "-q", "-o", os.devnull, *postgres_programs.where(database)]
    psql = subprocess.Popen(
        [str(programs / "psql"), *quietly],
        env=postgres_programs.environment(database), stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert psql.stdin
    try:
        psql.stdin.write(BEFORE)
        psql.stdin.flush()
        reading = [str(programs / "pg_restore"), "--no-owner", "--no-acl", "--file=-"]
        told = subprocess.Popen(
            reading, stdin=subprocess.PIPE, stdout=psql.stdin, stderr=subprocess.PIPE
        )
        _pipe_into(dump, told)
        psql.stdin.write(AFTER)
    except BrokenPipeError:
        pass
    finally:
        _out, complaint = psql.communicate()
    if psql.returncode:
        raise Refused(_("PostgreSQL refused: %(why)s") % {"why": _first_lines(complaint)})


def _pipe_into(content: IO[bytes], program: subprocess.Popen[Any]) -> None:
    """:raises Refused: the program failed"""
    assert program.stdin
    with suppress(BrokenPipeError):
        shutil.copyfileobj(content, program.stdin, archive.CHUNK)
    _out, complaint = program.communicate()
    if program.returncode:
        raise Refused(_("pg_restore failed: %(why)s") % {"why": _first_lines(complaint)})


def _first_lines(complaint: bytes) -> str:
    return "\n".join(complaint.decode(errors="replace").strip().splitlines()[:5])
