"""A value that differs: listed, or settled by whom the office prefers; and remembered with its row.

`imported` keeps under `differs` what was met last, by field: what the file said, what stood here,
since when they differ so, and whether ours was preferred. A difference settled for ours is not
listed again before the file says something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypedDict

from django.db import models
from django.utils.translation import gettext as _

from releveur.importing.report import Remark, Report

DIFFERS = "differs"

type Plain = str | int | None
"""A value as JSON keeps it."""


class Met(TypedDict):
    said: Plain
    here: Plain
    since: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """What a file says of a field and what stands here, how it is listed, and ours for people."""

    field: str
    said: Plain
    here: Plain
    remark: Remark
    shown: str


def plain(value: object) -> Plain:
    """A value as JSON keeps it."""
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int | None) else str(value)


def met(row: models.Model) -> Mapping[str, Met]:
    """The differences an import has met on a row, by field."""
    differs: Mapping[str, Met] = _imported(row).get(DIFFERS, {})
    return differs


def takes_the_files(row: models.Model, found: Difference, report: Report) -> bool:
    """Settle a difference: the file's value is taken, or ours stays and is listed where it is news."""
    if report.prefer == "file":
        report.settled.append(_in_short(found))
        forget(row, found.field)
        return True
    before = met(row).get(found.field)
    same = before is not None and (before["said"], before["here"]) == (found.said, found.here)
    ours = before is not None and before["ours"] and before["said"] == found.said
    if report.prefer == "ours" and not ours:
        report.settled.append(_in_short(found))
        ours = True
    elif not ours:
        report.differences.append(found.remark)
    since = before["since"] if before and same else report.today.isoformat()
    _keep(row, found.field, Met(said=found.said, here=found.here, since=since, ours=ours))
    return False


def forget(row: models.Model, *fields: str) -> bool:
    """The file and we agree; return whether they did not."""
    gone = met(row).keys() & set(fields)
    if gone:
        _rewrite(row, {name: one for name, one in met(row).items() if name not in gone})
    return bool(gone)


def made_here(row: models.Model) -> bool:
    """Whether no file ever named the row."""
    return not _imported(row).keys() - {DIFFERS}


def _in_short(found: Difference) -> Remark:
    message = _("Here it was « %(here)s ».") % {"here": found.shown}
    return Remark(found.remark.line, found.remark.column, found.remark.value, message)


def _keep(row: models.Model, field: str, one: Met) -> None:
    if met(row).get(field) != one:
        _rewrite(row, {**met(row), field: one})


def _rewrite(row: models.Model, differs: Mapping[str, Met]) -> None:
    rest = {name: value for name, value in _imported(row).items() if name != DIFFERS}
    setattr(row, "imported", rest | ({DIFFERS: dict(differs)} if differs else {}))  # noqa: B010


def _imported(row: models.Model) -> dict[str, Any]:
    imported: dict[str, Any] = getattr(row, "imported")  # noqa: B009
    return imported
