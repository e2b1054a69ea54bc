from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.ops import doctoring_mail
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.mail_patient import Finding, Level


class Command(Door):
    help = _("Look whether mails arrive: SPF, DKIM, DMARC, relay, inbox; say what to do.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--resolver", default="", metavar="HOST[:PORT]", help=_("ask this name server")
        )
        parser.add_argument(
            "--to", default="", metavar="ADDRESS", help=_("send a test message there")
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        found = doctoring_mail.examine(resolver=options["resolver"], to=options["to"], now=now)
        answer = {"findings": [asdict(one) for one in found]}
        if any(one.level == Level.FAIL for one in found):
            raise Refused("\n".join(map(_line, found)), answer=answer)
        return answer

    def words(self, answer: Answer) -> str:
        findings = answer["findings"]
        assert isinstance(findings, list)
        return "\n".join(_line(Finding(**one)) for one in findings)


def _line(one: Finding) -> str:
    """« WARN  spf: … », and what to do below."""
    said = f"{one.level:<5} {one.check}: {one.words}"
    return f"{said}\n      → {one.to_do}" if one.to_do else said
