from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.ops.doctor import as_installed, at_work, checks
from releveur.ops.doctor.checks import Check, Finding
from releveur.ops.doors import Answer, Refused, TimelessDoor

ABOUT: Mapping[str, Sequence[Check]] = {"all": (*at_work.READY, *as_installed.INSTALLED)}


class Command(TimelessDoor):
    help = _("Look at everything that can go wrong here; say what is, and what to do.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("about", nargs="?", choices=list(ABOUT), default="all")

    def tell(self, options: dict[str, Any]) -> Answer:
        found = list(checks.look(ABOUT[options["about"]]))
        healthy = all(finding.ok for finding in found)
        answer = {"healthy": healthy, "findings": [asdict(finding) for finding in found]}
        if not healthy:
            raise Refused("\n".join(map(_line, found)), answer=answer)
        return answer

    def words(self, answer: Answer) -> str:
        findings = answer["findings"]
        assert isinstance(findings, list)
        return "\n".join(_line(Finding(**finding)) for finding in findings)


def _line(finding: Finding) -> str:
    """« ok  disk  30% free », or what to do."""
    mark = _("ok") if finding.ok else _("WRONG")
    line = f"{mark:<6} {finding.check:<12} {finding.reading}"
    return f"{line}\n       → {finding.advice}" if finding.advice else line
