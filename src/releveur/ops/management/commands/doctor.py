from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from releveur import clock
from releveur.ops.doctor import as_installed, at_work, checks
from releveur.ops.doctor.checks import Finding, Level
from releveur.ops.doctor.mail import examining
from releveur.ops.doors import Answer, Refused, TimelessDoor

MACHINE = (*at_work.READY, *as_installed.INSTALLED)


class Command(TimelessDoor):
    help = _("Look at everything that can go wrong here, or with the mails; say what to do.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "about", nargs="?", choices=("mail",), help=_("whether mails arrive; else the machine")
        )
        mails = parser.add_argument_group(_("of mails"))
        mails.add_argument(
            "--resolver", default="", metavar="HOST[:PORT]", help=_("ask this name server")
        )
        mails.add_argument(
            "--to", default="", metavar="ADDRESS", help=_("send a test message there")
        )

    def tell(self, options: dict[str, Any]) -> Answer:
        found = _looked_at(**{name: options[name] for name in ("about", "resolver", "to")})
        healthy = all(finding.ok for finding in found)
        answer = {"healthy": healthy, "findings": [asdict(finding) for finding in found]}
        if not healthy:
            raise Refused("\n".join(map(_line, found)), answer=answer)
        return answer

    def words(self, answer: Answer) -> str:
        findings = answer["findings"]
        assert isinstance(findings, list)
        return "\n".join(_line(Finding(**finding)) for finding in findings)


def _looked_at(*, about: str | None, resolver: str, to: str) -> list[Finding]:
    if about is None:
        if resolver or to:
            raise CommandError(_("--resolver and --to go with `doctor mail`."), returncode=2)
        return list(checks.look(MACHINE))
    [database] = checks.look(at_work.READY[:1])
    if not database.ok:
        # Who sends stands there.
        return [database]
    return examining.examine(resolver=resolver, to=to, now=clock.now())


def _line(finding: Finding) -> str:
    """« ok     disk         30% free », and what to do below."""
    line = f"{_mark(finding.level):<6} {finding.check:<12} {finding.reading}"
    return f"{line}\n       → {finding.advice}" if finding.advice else line


def _mark(level: Level) -> str:
    match level:
        case Level.OK:
            return _("ok")
        case Level.WARN:
            return _("weak")
        case Level.FAIL:
            return _("WRONG")
