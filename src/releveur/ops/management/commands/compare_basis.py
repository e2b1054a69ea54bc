from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import comparing, comparison_file, explaining
from releveur.campaigns.comparing import Comparison
from releveur.campaigns.models import Campaign, Kind
from releveur.importing import invoiced
from releveur.importing.invoiced import Invoiced
from releveur.importing.report import SHOWN, Report
from releveur.ops import new_files
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.management.commands.campaign_status import the_campaign
from releveur.ops.management.commands.import_fleet import mapped
from releveur.ops.management.commands.open_campaign import a_date
from releveur.rules.schedule import PARIS


class Command(Door):
    help = _(
        "Compare a campaign's basis, or a past period computed again, with what the ERP invoiced."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", type=int, nargs="?", metavar="ID")
        parser.add_argument(
            "--due-until", type=a_date, metavar="DATE", help=_("instead of ID: a past due date")
        )
        parser.add_argument(
            "--with", type=Path, required=True, dest="file", metavar="FILE",
            help=_("the ERP's invoice lines: CSV with any separator, or XLSX"),
        )  # fmt: skip
        parser.add_argument("--sheet", default="", metavar="NAME")
        parser.add_argument("--mapping", default="", metavar="NAME_OR_FILE")
        parser.add_argument(
            "--known-until", type=a_date, metavar="DATE",
            help=_("readings taken later do not count; else the deadline of that campaign"),
        )  # fmt: skip
        parser.add_argument("--output", type=Path, metavar="FILE.csv")
        parser.add_argument("--report", type=Path, metavar="FILE.html")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        outputs = [path for path in (options["output"], options["report"]) if path]
        for path in outputs:
            new_files.check(path)
        warned = Report()
        self.comparison = _compared(options, _read(options, warned), now=now)
        self.warnings = [str(remark) for remark in warned.warnings]
        if options["output"]:
            new_files.write(options["output"], comparison_file.as_csv(self.comparison))
        if options["report"]:
            name = options["file"].name
            page = comparison_file.printed(self.comparison, file=name, now=now.astimezone(PARIS))
            new_files.write(options["report"], page.encode())
        said = comparison_file.as_json(self.comparison)
        warnings = [remark.as_json() for remark in warned.warnings]
        return {**said, "warnings": warnings, "files": [str(path) for path in outputs]}

    def words(self, answer: Answer) -> str:
        lines = [*_summary(self.comparison), *self.warnings[:SHOWN]]
        return "\n".join([*lines, *map(str, answer["files"])])  # type: ignore[call-overload]


def _read(options: dict[str, Any], report: Report) -> list[Invoiced]:
    by = mapped(options["mapping"])
    found = invoiced.read(options["file"], report=report, sheet=options["sheet"], by=by)
    if report.errors:
        sentence = "\n".join(
            [_("Errors, nothing was compared (%d)") % len(report.errors), *map(str, report.errors)]
        )
        errors = [remark.as_json() for remark in report.errors]
        raise Refused(sentence, answer={"errors": errors})
    return found


def _compared(options: dict[str, Any], found: list[Invoiced], *, now: datetime) -> Comparison:
    number, due_until = options["campaign"], options["due_until"]
    if (number is None) == (due_until is None):
        raise CommandError(_("Give the number of a campaign, or --due-until."), returncode=2)
    if number is not None:
        return comparing.compare_campaign(_with_a_basis(number, options), found)
    try:
        return comparing.compare_period(
            due_until,
            found,
            known_until=options["known_until"],
            today=now.astimezone(PARIS).date(),
        )
    except comparing.StillToCome:
        raise Refused(
            _("%(day)s is not over: give a due date whose invoices were written.")
            % {"day": due_until.isoformat()}
        ) from None


def _with_a_basis(number: int, options: dict[str, Any]) -> Campaign:
    if options["known_until"]:
        raise CommandError(_("--known-until goes with --due-until."), returncode=2)
    campaign = the_campaign(number)
    if campaign.kind == Kind.ONE_OFF:
        raise Refused(
            _("Campaign %(number)s is a request for one device: it bills nothing.")
            % {"number": number}
        )
    return campaign


def _summary(comparison: Comparison) -> list[str]:
    counts, sums = comparison.counts, comparison.impressions
    lines = [
        _(
            "%(all)d lines: %(equal)d equal, %(explained)d explained, %(unexplained)d to be looked at;"
            " of these %(only_ours)d here only, %(only_theirs)d in the file only"
        )
        % counts,
        _("impressions: %(ours)d here, %(theirs)d in the file, difference %(difference)d") % sums,
    ]
    for code, (count, impressions) in comparison.causes.items():
        lines.append(f"  {count} × {explaining.title(code)} : {explaining.signed(impressions)}")
    for one in comparison.differences[:SHOWN]:
        meter = comparison.labels[one.key]
        lines.append(
            f"{one.key[0]} {meter} {explaining.signed(one.difference)} : {explaining.sentences(one)}"
        )
    return lines
