from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connection
from django.utils.translation import gettext as _

from releveur.ops import grants


class Command(migrate.Command):
    help = _(
        "Prepare or upgrade the database as its owner, and write the rights of the application."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        role: str = connection.settings_dict["USER"]
        with _as_owner():
            super().handle(*args, **options)
            if role != connection.settings_dict["USER"]:
                grants.write(role)
                return
        self.stderr.write(
            _(
                "One role owns and uses this database: nothing keeps what is written once from"
                " being changed. Set RELEVEUR_OWNER_URL."
            )
        )


@contextmanager
def _as_owner() -> Iterator[None]:
    """Let the default connection, which every migration uses, be the owner's for a while."""
    app = connection.settings_dict
    connection.close()
    connection.settings_dict = app | settings.OWNER_DATABASE
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = app
