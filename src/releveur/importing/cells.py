"""The cells of one row, by field; what cannot be read becomes an error of the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from releveur.importing.columns import Columns
from releveur.importing.report import Report
from releveur.importing.tables import Row
from releveur.importing.values import Misread


@dataclass(frozen=True, slots=True)
class Cells:
    row: Row
    columns: Columns
    known: Mapping[str, Sequence[str]]
    report: Report

    @property
    def line(self) -> int:
        return self.row.line

    def at(self, position: int) -> str:
        return self.row.cells[position] if position < len(self.row.cells) else ""

    def text(self, name: str, longest: int = 0) -> str:
        """A cell as it is, empty where the file has no such column; too long is an error."""
        text = self.at(self.columns.fields[name]) if name in self.columns.fields else ""
        if longest and len(text) > longest:
            message = _("This is longer than %(longest)d characters. Shorten it.")
            self.error(name, text[:80], message % {"longest": longest})
            return text[:longest]
        return text

    def read[T](self, name: str, parse: Callable[[str], T]) -> T | None:
        """What a cell means; None when it is empty, or an error."""
        text = self.text(name)
        try:
            return parse(text) if text else None
        except Misread as misread:
            self.error(name, text, str(misread))
            return None

    def number(self, position: int, parse: Callable[[str], int]) -> int | None:
        """What a column of a meter says."""
        text = self.at(position)
        try:
            return parse(text) if text else None
        except Misread as misread:
            self.report.error(self.line, self.columns.headings[position], text, str(misread))
            return None

    def error(self, name: str, value: str, message: str) -> None:
        self.report.error(self.line, self.columns.heading(name, self.known), value, message)

    def warn(self, name: str, value: str, message: str) -> None:
        self.report.warn(self.line, self.columns.heading(name, self.known), value, message)

    def is_a_total(self) -> bool:
        """The line a spreadsheet or an ERP adds below: « Total », and no serial number."""
        first = next((cell for cell in self.row.cells if cell), "")
        return first.casefold().startswith("total") and not self.text("serial")

    def overflows(self) -> bool:
        return any(self.row.cells[len(self.columns.headings) :])


def announce(columns: Columns, report: Report) -> None:
    """Name the headings that are ignored."""
    for heading in columns.unknown:
        report.warn(1, heading, "", _("This column is not known and was ignored."))
    for heading in columns.doubled:
        report.warn(1, heading, "", _("This column comes twice; the first one counts."))


def usable(cells: Cells) -> bool:
    """Leave out a total line, and refuse a row with more cells than there are headings."""
    if cells.is_a_total():
        cells.report.warn(cells.line, "", cells.row.cells[0], _("The line of totals was ignored."))
        return False
    if cells.overflows():
        message = _("This row has more cells than there are headings. Check the separators in it.")
        cells.report.error(cells.line, "", "", message)
        return False
    return True


def require(
    columns: Columns, needed: Sequence[str], known: Mapping[str, Sequence[str]]
) -> list[str]:
    """The headings a file cannot do without and does not have."""
    return [known[name][0] for name in needed if name not in columns.fields]
