from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from releveur.importing import fleet, mapping, returning
from releveur.importing.report import Report
from releveur.importing.tables import Unreadable
from releveur.ops import new_files
from releveur.ops.at_the_keyboard import office
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
        by = mapped(options["mapping"])

        def work() -> Report:
            return fleet.import_fleet(
                options["file"],
                sheet=options["sheet"],
                by=by,
                retire_missing=options["retire_missing"],
                prefer=options["prefer"],
                progress=self.stderr.write,
                noted_by=office(),
                now=now,
            )

        self.imported = imported(work, options, skip=by.skip if by else 0)
        return self.imported.answer()

    def words(self, answer: Answer) -> str:
        return self.imported.words()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, and the file it gave back, if it was asked to."""

    report: Report
    asked: bool
    file: Path | None

    def answer(self) -> Answer:
        """:raises Refused: the file has errors"""
        said = self.report.as_json()
        if self.asked:
            said["returned"] = str(self.file) if self.file else None
        if self.report.errors:
            raise Refused(self.words(), answer=said)
        return said

    def words(self) -> str:
        lines = [*self.report.lines()]
        if self.file:
            lines.append(_("Given back with its remarks: %(file)s") % {"file": self.file})
        elif self.asked:
            lines.append(_("Not given back: it cannot be read as a table."))
        return "\n".join(lines)


def imported(work: Callable[[], Report], options: dict[str, Any], *, skip: int) -> Imported:
    """Import a file, and write it back with its remarks before anything is kept.

    :raises Refused: the file to write is there, or cannot be written; then nothing was imported
    """
    output: Path | None = options["returned"]
    if output is None:
        return Imported(work(), asked=False, file=None)
    new_files.check(output)
    with transaction.atomic():
        report = work()
        try:
            content = returning.returned(options["file"], report, sheet=options["sheet"], skip=skip)
        except Unreadable:
            return Imported(report, asked=True, file=None)
        new_files.write(output, content)
    return Imported(report, asked=True, file=output)


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
    parser.add_argument(
        "--returned",
        type=Path,
        metavar="OUT",
        help=_("write the same file there, with what is wrong beside each line"),
    )


def mapped(name: str) -> mapping.Named | None:
    """:raises Refused: there is no such mapping, or it cannot be understood"""
    try:
        return mapping.named(name) if name else None
    except mapping.MappingMisread as problem:
        raise Refused(str(problem)) from None
