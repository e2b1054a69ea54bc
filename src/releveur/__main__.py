"""The program `releveur`: the embedded server where one is used, then one command."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version

from django.conf import settings
from django.core.management import ManagementUtility, get_commands, load_command_class

from releveur.knobs import KnobMisread
from releveur.postgres import PostgresUnavailable

NEED_NO_DATABASE = {"help", "--help", "-h", "version", "--version"}


class Program(ManagementUtility):
    def main_help_text(self, commands_only: bool = False) -> str:
        """Our own commands first, a line each; Django's by name."""
        owners = {name: str(owner) for name, owner in get_commands().items()}
        ours = sorted(name for name, owner in owners.items() if owner.startswith("releveur."))
        others = sorted(set(owners) - set(ours))
        if commands_only:
            return "\n".join([*ours, *others])
        width = max(map(len, ours))
        lines = [
            f"  {name:<{width}}  {load_command_class(owners[name], name).help.splitlines()[0]}"
            for name in ours
        ]
        return "\n".join([
            "releveur COMMAND [--help]", "", *lines, "", "Django's own: " + ", ".join(others),
        ])  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releveur.settings")
    arguments = sys.argv[1:]
    if arguments in (["version"], ["--version"]):
        sys.stdout.write(f"{version('releveur')}\n")
        return
    try:
        if settings.POSTGRES and arguments and not NEED_NO_DATABASE.intersection(arguments):
            settings.POSTGRES.start()
    except (KnobMisread, PostgresUnavailable) as problem:
        sys.exit(f"releveur: {problem}")
    Program(["releveur", *arguments]).execute()


if __name__ == "__main__":
    main()
