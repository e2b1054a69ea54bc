from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from releveur.audit.models import Action
from releveur.audit.writing import note
from releveur.dealer import closures
from releveur.dealer.models import Closure, Dealer
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.management.commands.open_campaign import a_date


class Command(Door):
    help = _("The days on which the dealer is closed: nobody is reminded, no deadline falls there.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        change = parser.add_mutually_exclusive_group()
        change.add_argument(
            "--add",
            nargs=2,
            type=a_date,
            metavar=("FIRST", "LAST"),
            help=_("close from the first to the last day"),
        )
        change.add_argument(
            "--remove", type=a_date, metavar="FIRST", help=_("take back what begins on that day")
        )
        parser.add_argument("--words", default="", metavar="TEXT", help=_("why, for the list"))
        parser.add_argument(
            "--yearly", action="store_true", help=_("every year again, over New Year too")
        )

    @transaction.atomic
    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        _typed_together(options)
        try:
            if options["add"]:
                first, last = options["add"]
                made = closures.close(first, last, words=options["words"], yearly=options["yearly"])
                note(made, Action.ADD_CLOSURE, by=office(), key=first, after=_row(made), now=now)
            elif options["remove"]:
                gone = closures.open_again(options["remove"])
                key = gone.first_day
                note(gone, Action.REMOVE_CLOSURE, by=office(), key=key, before=_row(gone), now=now)
        except closures.Refusal as refusal:
            raise Refused(str(refusal)) from None
        self.part, self.listed = Dealer.objects.here().holidays_of, list(Closure.objects.all())
        return {"holidays_of": self.part, "closures": [_row(one) for one in self.listed]}

    def words(self, answer: Answer) -> str:
        public = _("Public holidays: %(part)s") % {"part": closures.name_of(self.part)}
        return "\n".join([public, *map(_in_words, self.listed)])


def _typed_together(options: dict[str, Any]) -> None:
    """:raises Refused: words or a rhythm for a closure that is not added"""
    if (options["words"] or options["yearly"]) and not options["add"]:
        raise Refused(_("--words and --yearly go with --add FIRST LAST."))


def _row(one: Closure) -> dict[str, object]:
    return {
        "first_day": one.first_day,
        "last_day": one.last_day,
        "words": one.words,
        "yearly": one.yearly,
    }


def _in_words(one: Closure) -> str:
    days = f"{one.first_day:%d/%m/%Y} – {one.last_day:%d/%m/%Y}"
    return "  ".join(filter(None, (days, _("every year") if one.yearly else "", one.words)))
