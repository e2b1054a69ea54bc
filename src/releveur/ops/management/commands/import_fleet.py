from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.importing import fleet, mapping
from releveur.importing.report import Report
from releveur.ops.doors import Answer, Door, Refused


class Command(Door):
    help = _("Make the fleet what a file of the ERP says; the same file twice changes nothing.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        name_a_table(parser)
        parser.add_argument(
            "--retire-missing",
            action="store_true",
            help=_("devices that the file does not have leave today"),
        )
        parser.add_argument(
            "--prefer",
            choices=("file", "ours"),
            default="",
            help=_("whose value counts where one was changed here; else ours, and it is listed"),
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        self.report = fleet.import_fleet(
            options["file"],
            sheet=options["sheet"],
            by=mapped(options["mapping"]),
            retire_missing=options["retire_missing"],
            prefer=options["prefer"],
            progress=self.stderr.write,
            now=now,
        )
        return answered(self.report)

    def words(self, answer: Answer) -> str:
        return "\n".join(self.report.lines())


def name_a_table(parser: CommandParser) -> None:
    """The file to import, and which of its sheets."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", help=_("CSV with any separator, or XLSX")
    )
    parser.add_argument(
        "--sheet", default="", metavar="NAME", help=_("sheet of a workbook, else its first one")
    )
    parser.add_argument(
        "--mapping",
        default="",
        metavar="NAME_OR_FILE",
        help=_("whose headings these are: a mapping by its name, or a TOML file"),
    )


def mapped(name: str) -> mapping.Named | None:
    """:raises Refused: there is no such mapping, or it cannot be understood"""
    try:
        return mapping.named(name) if name else None
    except mapping.MappingMisread as problem:
        raise Refused(str(problem)) from None


def answered(report: Report) -> Answer:
    """:raises Refused: the file has errors"""
    if report.errors:
        raise Refused("\n".join(report.lines()), answer=report.as_json())
    return report.as_json()
