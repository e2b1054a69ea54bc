from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.appointments import office, settling
from releveur.appointments.asking import NotOpen
from releveur.ops.doors import Answer, Door, Refused


class Command(Door):
    help = _("The appointments customers ask for, with all it takes to call; settle one.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--settle", type=int, metavar="ID", help=_("it was dealt with: out of the list")
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        answer: dict[str, object] = {}
        if number := options["settle"]:
            try:
                answer["settled"] = settling.settle(number, now=now).pk
            except NotOpen:
                raise Refused(
                    _("There is no open appointment %(number)s.") % {"number": number}
                ) from None
        return answer | {"appointments": office.waiting()}

    def words(self, answer: Answer) -> str:
        """One paragraph each, its empty lines left out."""
        rows = answer["appointments"]
        assert isinstance(rows, list)
        told = [super(Command, self).words(_filled(row)) for row in rows]
        return "\n\n".join(told) or _("No appointment is asked for.")


def _filled(row: Mapping[str, object]) -> dict[str, object]:
    """What is known of it, in the order of the list."""
    return {
        name: _filled(said) if isinstance(said, Mapping) else said
        for name, said in row.items()
        if (any(said.values()) if isinstance(said, Mapping) else said)
    }
