from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.audit import verifying
from releveur.audit.verifying import Fault, Found
from releveur.campaigns import proving
from releveur.ops.doors import Answer, Door, Refused


class Command(Door):
    help = _(
        "Compute the audit's chain again: is every entry, and every signed basis, what it was?"
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--expect",
            default="",
            metavar="HASH",
            help=_("a last hash kept elsewhere: the chain must still pass through it"),
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        seen = verifying.verify(expect=options["expect"].strip().lower())
        found = [*seen.found, *_bases()]
        answer = asdict(seen) | {"found": [asdict(one) for one in found]}
        if found:
            sentence = "\n".join(one.sentence for one in found)
            raise Refused(sentence, answer=answer | {"error": sentence})
        return answer

    def words(self, answer: Answer) -> str:
        said = _(
            "%(entries)d entries under %(seals)d seals are what they were; %(waiting)d wait for the"
            " next one. Keep this hash elsewhere, for --expect:"
        )
        return f"{said % answer}\n{answer['last_hash']}"


def _bases() -> list[Found]:
    sentence = _("The basis of campaign %(key)s is not the one that was signed.")
    return [
        Found(Fault.ALTERED, sentence % {"key": one.subject_key}, entry=one.pk)
        for one in proving.signed_otherwise()
    ]
