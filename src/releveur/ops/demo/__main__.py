"""What script/demo runs: prepare, then serve or say where everything is."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import django
import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils.translation import gettext as _
from psycopg import sql

from releveur import postgres
from releveur.knobs import KnobMisread
from releveur.ops.demo import catching


class CannotRun(Exception):
    """The demonstration does not start; the message says why and what to do."""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releveur.settings")
    given = _arguments()
    smtp = _settle_addresses(given.port)
    try:
        server = _own_server()
        server.start()
        django.setup()
        _run(server, given, smtp=smtp)
    except (CannotRun, KnobMisread, postgres.PostgresUnavailable) as problem:
        sys.exit(f"script/demo: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/demo")
    parser.add_argument("--reset", action="store_true", help="forget what was lived, begin again")
    parser.add_argument("--no-serve", action="store_true", help="prepare, print the links, end")
    parser.add_argument("--port", type=int, default=8000, help="where the portal answers")
    return parser.parse_args()


def _settle_addresses(port: int) -> int:
    """Write where this demonstration answers and where its mail goes into its settings, before they load."""
    smtp = catching.free_port()
    os.environ["RELEVEUR_SITE_URL"] = f"http://127.0.0.1:{port}"
    os.environ["RELEVEUR_SMTP_URL"] = f"smtp://127.0.0.1:{smtp}"
    return smtp


def _own_server() -> postgres.Server:
    """The embedded server: a demonstration never touches a database it was pointed to."""
    if settings.POSTGRES is None:
        raise CannotRun("it brings its own database: unset DATABASE_URL and try again.")
    return settings.POSTGRES


def _run(server: postgres.Server, given: argparse.Namespace, *, smtp: int) -> None:
    from releveur.ops.demo import preparing  # noqa: PLC0415  # models need django.setup()

    lock = None if given.no_serve and not given.reset else _alone()
    if not given.no_serve and not catching.is_free(given.port):
        raise _taken(given.port)
    try:
        if given.reset:
            _forget(server)
        call_command("migrate", verbosity=0)
        with catching.catching(smtp):
            campaign = preparing.prepare()
    except catching.PortTaken as taken:
        raise _taken(taken.port) from None
    except preparing.NotTheDemos:
        raise CannotRun(
            _("this data folder holds a real fleet: choose another with RELEVEUR_DATA_DIR.")
        ) from None
    links = _links(campaign.pk, smtp=smtp)
    if given.no_serve:
        sys.stdout.write(json.dumps(links, ensure_ascii=False) + "\n")
        return
    assert lock
    _serve(links, port=given.port, smtp=smtp)


def _taken(port: int) -> CannotRun:
    return CannotRun(
        _("port %(port)d is taken: end what uses it, or choose another with --port.")
        % {"port": port}
    )


def _alone() -> TextIO:
    """Hold the data folder's demonstration to ourselves, for as long as this process lives."""
    lock = Path(settings.DATA_DIR, "demo.lock").open("w")  # noqa: SIM115  # open is what holds it
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotRun(_("it runs already from this folder: end it first (Ctrl-C).")) from None
    return lock


def _forget(server: postgres.Server) -> None:
    """Drop what was lived: the database and the mails; secrets and programs stay."""
    from releveur.ops.demo import mailbox, preparing  # noqa: PLC0415  # models need django.setup()

    call_command("migrate", verbosity=0)
    preparing.refuse_strangers()
    connection.close()
    # What the pool keeps would be found dead by the next query.
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's own
    name = sql.Identifier(postgres.DATABASE)
    superuser = server.conninfo(user=postgres.SUPERUSER, name="postgres")
    with psycopg.connect(superuser, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(name))
        owner = sql.Identifier(postgres.OWNER)
        admin.execute(sql.SQL("create database {} owner {}").format(name, owner))
    mailbox.empty()


def _links(campaign: int, *, smtp: int) -> dict[str, object]:
    from releveur import clock  # noqa: PLC0415  # models need django.setup()
    from releveur.ops.demo import customers, mailbox  # noqa: PLC0415  # as above

    hers = (one for one in mailbox.caught() if one.to == customers.ALEXANDRA.email and one.link)
    newest = next(hers, None)
    return {
        "demo": f"{settings.SITE_URL}/demo/",
        "portal": newest.link if newest else None,
        "campaign": campaign,
        "now": clock.now().astimezone(clock.PARIS).isoformat(),
        "smtp": f"smtp://127.0.0.1:{smtp}",
        "mails": len(mailbox.caught()),
    }


def _serve(links: dict[str, object], *, port: int, smtp: int) -> None:
    from releveur.ops import tree  # noqa: PLC0415  # models need django.setup()

    catcher = [sys.executable, "-m", "releveur.ops.demo.catching", str(smtp)]
    children = [
        tree.Child("mails", catcher),
        tree.Child("portal", tree.releveur("serve", "--with-worker", "--port", str(port))),
    ]
    sys.exit(tree.run(children, say=_say, watch=_announcing(links, port)))


def _announcing(links: dict[str, object], port: int) -> Callable[[], None]:
    """Say the links once the portal answers."""
    told: list[bool] = []

    def watch() -> None:
        with socket.socket() as probe:
            if not told and probe.connect_ex(("127.0.0.1", port)) == 0:
                told.append(True)
                _say(_welcome(links))

    return watch


def _welcome(links: dict[str, object]) -> str:
    return _(
        "\n  The demonstration runs: %(demo)s\n  Alexandra's own link: %(portal)s\n\n"
        "  Ctrl-C ends it; script/demo --reset begins again.\n"
    ) % {"demo": links["demo"], "portal": links["portal"]}


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


if __name__ == "__main__":
    main()
