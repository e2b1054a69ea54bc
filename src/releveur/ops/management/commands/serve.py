from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from releveur.ops import tree
from releveur.postgres import PostgresUnavailable


class Command(BaseCommand):
    help = _("Serve the portal; with --with-worker do the background work in the same tree.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", default="8000")
        parser.add_argument("--workers", default="1", help="processes that answer")
        parser.add_argument("--threads", default="4", help="threads of each")
        parser.add_argument("--with-worker", action="store_true", help="run the worker too")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("collectstatic", interactive=False, verbosity=0)
        if settings.METRICS:
            _share_measures(Path(settings.DATA_DIR, f"metrics-{options['port']}"))
        children = [tree.Child("web", _granian(options))]
        if options["with_worker"]:
            children.append(tree.Child("worker", tree.releveur("work"), renewed=True))
        self.stderr.write(f"serving {settings.SITE_URL} on {options['host']}:{options['port']}")
        sys.exit(
            tree.run(
                children, say=self.stderr.write, watch=partial(_revive_database, self.stderr.write)
            )
        )


def _granian(options: dict[str, Any]) -> list[str]:
    return [
        sys.executable, "-m", "granian", "releveur.wsgi:application", "--interface", "wsgi",
        "--host", options["host"], "--port", options["port"],
        "--workers", options["workers"], "--blocking-threads", options["threads"],
        "--backpressure", "1024", "--no-ws",
        # Who sends his headers drop by drop is hung up on; a body has to be read whole by the proxy before.
        "--http1-header-read-timeout", "10000", "--http1-buffer-size", "65536",
        # A SIGTERM in its first second and a half is lost on granian's worker: only this ends it then.
        "--workers-kill-timeout", "20",
    ]  # fmt: skip


def _share_measures(folder: Path) -> None:
    """Where the processes that answer write their durations; what a former run left is over."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _revive_database(say: Callable[[str], object]) -> None:
    """An embedded server that was killed is booted again; the pool reconnects by itself.

    Where it cannot run now, its disk being full, the portal says so and it is tried again.
    """
    if settings.POSTGRES and not settings.POSTGRES.listens():
        try:
            settings.POSTGRES.start()
        except PostgresUnavailable as problem:
            say(str(problem))
