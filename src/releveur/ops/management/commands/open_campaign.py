from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import due, opening
from releveur.campaigns.status import status
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door, Refused


def a_date(text: str) -> date:
    """An ISO date, or a usage error that shows one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            _("%(text)s is not a date like 2022-04-05") % {"text": text}
        ) from None


class Command(Door):
    help = _(
        "Ask every customer for what is due up to a day; run again, it adds what is not yet in."
    )
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--due-until", type=a_date, required=True, metavar="DATE")
        parser.add_argument("--label", default="", help=_("a name for the campaign"))
        parser.add_argument(
            "--only", type=Path, metavar="FILE", help=_("customer codes or serials, one a line")
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        try:
            opened = opening.open_campaign(
                options["due_until"],
                now=now,
                label=options["label"],
                only=codes_or_serials(options["only"]),
                by=office(),
            )
        except opening.TooFarAhead:
            raise Refused(_("A campaign opens at most 31 days before its last due date.")) from None
        except opening.AlreadyClosed:
            raise Refused(
                _("The campaign of that date is closed: sign it, then open another date.")
            ) from None
        nowhere = opened.owed.serials_nowhere()
        found = status(opened.campaign, now=now)
        if options["dry_run"]:
            found["campaign"] = None
        return {**found, "added": opened.added, "installed_nowhere": nowhere}


def codes_or_serials(file: Path | None) -> list[str] | None:
    """The lines of a file that names customers or devices; None without a file.

    :raises Refused: it cannot be read, names nobody, or somebody who is not here
    """
    if file is None:
        return None
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise Refused(
            _("%(file)s cannot be read: %(problem)s") % {"file": file, "problem": problem}
        ) from None
    only = [line.strip() for line in lines if line.strip()]
    if not only:
        raise Refused(_("%(file)s names nobody.") % {"file": file})
    if unknown := due.strangers(only):
        raise Refused(
            _("Neither a customer code nor a serial number, nothing was done: %(names)s.")
            % {"names": ", ".join(unknown)}
        )
    return only
