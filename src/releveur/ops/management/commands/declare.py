from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur import clock
from releveur.campaigns import by_phone
from releveur.campaigns.answering import Outcome, Question
from releveur.fleet.models import Meter
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.management.commands.open_campaign import a_date
from releveur.readings import proofs, wording
from releveur.readings.models import Proof
from releveur.rules import digits


class Command(Door):
    help = _("Record values told by phone: the same checks as the customer's page.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("serial", metavar="SERIAL")
        parser.add_argument(
            "values", nargs="+", metavar="METER=VALUE", help=_("for example Noir=41200")
        )
        parser.add_argument(
            "--on", type=a_date, metavar="DATE", help=_("the day it was read; today if none")
        )
        parser.add_argument("--proof", type=Path, metavar="FILE", help=_("a photo of the counters"))
        parser.add_argument("--confirm", action="store_true", help=_("the person says it is right"))

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        try:
            outcome = by_phone.declare(
                options["serial"],
                dict(_value(text) for text in options["values"]),
                taken_on=options["on"] or now.astimezone(clock.PARIS).date(),
                now=now,
                proof=_proof(options["proof"]),
                confirmed=options["confirm"],
            )
        except by_phone.UnknownSerial:
            raise Refused(
                _("There is no device %(serial)s.") % {"serial": options["serial"]}
            ) from None
        except by_phone.UnknownMeter as refusal:
            raise Refused(
                _("This device has no meter %(name)s; it has %(known)s.")
                % {"name": refusal.name, "known": ", ".join(refusal.known)}
            ) from None
        except by_phone.NothingDue:
            raise Refused(_("No campaign asked for this device.")) from None
        return _answer(outcome)


def _value(text: str) -> tuple[str, int]:
    name, separator, value = text.partition("=")
    try:
        if not separator:
            raise digits.NotANumber(text)
        return name, digits.typed(value)
    except ValueError:
        raise Refused(_("%(text)s is not a value like Noir=41200.") % {"text": text}) from None


def _proof(file: Path | None) -> Proof | None:
    if file is None:
        return None
    try:
        with file.open("rb") as photo:
            return proofs.store(File(photo, name=file.name))
    except OSError as problem:
        raise Refused(
            _("%(file)s cannot be read: %(problem)s") % {"file": file, "problem": problem}
        ) from None
    except proofs.Refused as refusal:
        raise Refused(str(refusal)) from None


def _answer(outcome: Outcome) -> Answer:
    if outcome.questions:
        findings = [found for one in outcome.questions.values() for found in _findings(one)]
        sentence = " ".join(str(found["sentence"]) for found in findings)
        raise Refused(sentence, answer={"accepted": False, "findings": findings})
    return {
        "accepted": True,
        "receipt": outcome.receipt.number if outcome.receipt else None,
        "findings": [],
    }


def _findings(question: Question) -> list[dict[str, object]]:
    keys = [finding.key for finding in question.findings if finding.key]
    meters = Meter.objects.select_related("kind").in_bulk([int(key) for key in keys])
    found: list[dict[str, object]] = [
        {
            "meter": meters[int(finding.key)].kind.code if finding.key else None,
            "code": finding.code,
            "demand": finding.demand,
            "sentence": wording.sentence(
                finding, meter=meters[int(finding.key)].kind.label if finding.key else ""
            ),
        }
        for finding in question.findings
    ]
    if question.date_fault:
        sentence = wording.date_sentence(question.date_fault)
        found.append(
            {"meter": None, "code": question.date_fault, "demand": "CONFIRM", "sentence": sentence}
        )
    return found
