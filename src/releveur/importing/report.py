"""What an import did, or would do: the same report for a program and for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from django.utils.translation import gettext as _

TABLES = (
    "customers",
    "sites",
    "contacts",
    "devices",
    "meters",
    "contracts",
    "installations",
    "readings",
)
SHOWN = 20

type Prefer = Literal["", "file", "ours"]
"""Whose value counts where the file differs from what was changed here; empty: ours, and listed."""


@dataclass(slots=True)
class Count:
    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Remark:
    """Where something stands in the file, and a sentence that says what to do."""

    line: int | None
    column: str
    value: str
    message: str

    def as_json(self) -> dict[str, int | str | None]:
        return {
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "message": self.message,
        }

    def beside(self) -> str:
        """What stands in the file beside its line."""
        return f"{self.column} : {self.message}" if self.column else self.message

    def __str__(self) -> str:
        place = _("line %(line)d") % {"line": self.line} if self.line else _("not in the file")
        named = " — ".join(part for part in (place, self.column, self.value) if part)
        return f"{named} : {self.message}"


@dataclass(slots=True)
class Report:
    """Errors stop the file; warnings and differences are for a person to look at.

    `settled`: differences that `prefer` decided; `today`: the day of the import.
    """

    prefer: Prefer = ""
    today: date = date.min
    settled: list[Remark] = field(default_factory=list)
    counts: dict[str, Count] = field(default_factory=lambda: {name: Count() for name in TABLES})
    warnings: list[Remark] = field(default_factory=list)
    differences: list[Remark] = field(default_factory=list)
    errors: list[Remark] = field(default_factory=list)

    def error(self, line: int | None, column: str, value: str, message: str) -> None:
        self.errors.append(Remark(line, column, value, message))

    def warn(self, line: int | None, column: str, value: str, message: str) -> None:
        self.warnings.append(Remark(line, column, value, message))

    def differ(self, line: int | None, column: str, value: str, message: str) -> None:
        self.differences.append(Remark(line, column, value, message))

    def forget_counts(self) -> None:
        """A refused file writes nothing, so nothing is counted or settled."""
        self.counts = {name: Count() for name in TABLES}
        self.settled = []

    def as_json(self) -> dict[str, object]:
        counts: dict[str, object] = {
            name: {
                "created": count.created,
                "updated": count.updated,
                "unchanged": count.unchanged,
            }
            for name, count in self.counts.items()
        }
        settled = ("settled",) if self.prefer else ()
        return counts | {
            name: [remark.as_json() for remark in getattr(self, name)]
            for name in ("warnings", "differences", "errors", *settled)
        }

    def lines(self) -> Iterator[str]:
        """The report in words: the counts, then the first remarks of each sort."""
        if not self.errors:
            yield from self._counted()
        yield from _listed(_("Errors, nothing was imported"), self.errors, len(self.errors))
        yield from _listed(self._how_settled(), self.settled, SHOWN)
        yield from _listed(_("Differences, left as they stand here"), self.differences, SHOWN)
        yield from _listed(_("Warnings"), self.warnings, SHOWN)

    def _how_settled(self) -> str:
        if self.prefer == "file":
            return _("Changed here, now as the file says")
        return _("Kept as they stand here, until the file says something else")

    def _counted(self) -> Iterator[str]:
        named = tables_in_words()
        sentence = _("%(what)s: %(created)d created, %(updated)d updated, %(unchanged)d unchanged")
        for name, count in self.counts.items():
            if count != Count():
                yield sentence % {
                    "what": named[name],
                    "created": count.created,
                    "updated": count.updated,
                    "unchanged": count.unchanged,
                }


def tables_in_words() -> dict[str, str]:
    """What people call each table."""
    return {
        "customers": _("customers"),
        "sites": _("sites"),
        "contacts": _("contacts"),
        "devices": _("devices"),
        "meters": _("meters"),
        "contracts": _("contracts"),
        "installations": _("installations"),
        "readings": _("readings"),
    }


def _listed(title: str, remarks: Sequence[Remark], most: int) -> Iterator[str]:
    if not remarks:
        return
    yield f"{title} ({len(remarks)})"
    yield from (f"  {remark}" for remark in remarks[:most])
    if len(remarks) > most:
        yield "  …"
