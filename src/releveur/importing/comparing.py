"""What the ERP says now, what it said last, what stands here: the three decide together.

The ERP stays master of the fleet, but never wipes out silently what somebody changed here. Each
imported row keeps in `imported` what the ERP said last:

| stands here | last said | said now | then |
|---|---|---|---|
| A | A | B | the ERP changed it: B |
| B | A | A | changed here only: a difference, B stays |
| C | A | B | changed on both sides: a difference, C stays |
| nothing, or the default | nothing | B | B |

What becomes of a difference is settled in `deciding`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext as _

from releveur import putting
from releveur.importing import deciding
from releveur.importing.deciding import Difference, Plain, plain
from releveur.importing.picture import Said, Value
from releveur.importing.report import Remark, Report

BATCH = 5_000


@dataclass(slots=True)
class Changes[M: models.Model]:
    """Rows of one table to write, and by which fields."""

    created: list[M] = field(default_factory=list)
    updated: dict[int, M] = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)

    def touch(self, row: M, *fields: str) -> None:
        """Write these fields of a row that is there already."""
        self.updated[row.pk] = row
        self.fields |= set(fields)

    def write(self, table: type[M]) -> None:
        """Update first: a place must be left before it is taken."""
        manager = table._default_manager  # noqa: SLF001  # documented, despite its name
        if self.updated and self.fields:
            manager.bulk_update(list(self.updated.values()), sorted(self.fields), BATCH // 5)
        putting.put(table, self.created)


def settle[K, M: models.Model](
    table: str,
    said: Mapping[K, Said],
    stands: Mapping[K, M],
    make: Callable[[K], M],
    *,
    report: Report,
) -> dict[K, M]:
    """Write what the file says of one table: new rows made, known ones compared.

    :returns: the row of each key, written
    """
    rows: dict[K, M] = {}
    changes: Changes[M] = Changes()
    for key, one in said.items():
        row = stands.get(key)
        if row is None:
            row = make(key)
            fill(row, one.values)
            changes.created.append(row)
            report.counts[table].created += 1
        else:
            compare(row, one, changes, table=table, report=report)
        rows[key] = row
    if rows:
        changes.write(type(next(iter(rows.values()))))
    return rows


def fill(row: models.Model, values: Mapping[str, Value]) -> None:
    """A new row holds what the file says, and remembers it."""
    for name, value in values.items():
        setattr(row, name, value)
    _remember(row, {name: plain(value) for name, value in values.items()})


def compare[M: models.Model](
    row: M, said: Said, changes: Changes[M], *, table: str, report: Report
) -> bool:
    """Take over what the ERP changed, list what was changed here; count the row once.

    :returns: whether a value of the row changes
    """
    before: dict[str, object] = getattr(row, "imported")  # noqa: B009
    if _as_before(row, said, before):
        report.counts[table].unchanged += 1
        return False
    took = _taken_over(row, said, report)
    for name in took:
        setattr(row, name, said.values[name])
    agreed = [name for name, value in said.values.items() if _here(row, name) == plain(value)]
    deciding.forget(row, *agreed)
    _remember(row, {name: plain(said.values[name]) for name in agreed})
    if took or getattr(row, "imported") != before:  # noqa: B009
        changes.touch(row, "imported", *took)
    report.counts[table].updated += bool(took)
    report.counts[table].unchanged += not took
    return bool(took)


def _as_before(row: models.Model, said: Said, before: Mapping[str, object]) -> bool:
    """Whether the ERP says again what it said last, and that stands here."""
    if deciding.DIFFERS in before:
        return False
    for name, value in said.values.items():
        told = plain(value)
        if name not in before or before[name] != told or _here(row, name) != told:
            return False
    return True


def _taken_over(row: models.Model, said: Said, report: Report) -> list[str]:
    took: list[str] = []
    last_said: Mapping[str, Plain] = getattr(row, "imported")  # noqa: B009
    for name, value in said.values.items():
        here = _here(row, name)
        if here == plain(value):
            continue
        untouched = here == last_said.get(name, default(row, name))
        if untouched or deciding.takes_the_files(row, _difference(row, name, said), report):
            took.append(name)
    return took


def _difference(row: models.Model, name: str, said: Said) -> Difference:
    here, told = _here(row, name), plain(said.values[name])
    message = _("%(row)s: here it is « %(here)s ». Change it here or in the ERP.")
    shown = _shown(row, name, here)
    sentence = message % {"row": row, "here": shown}
    remark = Remark(said.line, label(type(row), name), _shown(row, name, told), sentence)
    return Difference(name, told, here, remark, shown)


def _shown(row: models.Model, name: str, value: Plain) -> str:
    """A value for people; of another row its name, not its number."""
    field = type(row)._meta.get_field(name)  # noqa: SLF001  # documented, despite its name
    if isinstance(field, models.ForeignKey):
        return str(field.related_model._default_manager.get(pk=value))  # noqa: SLF001
    return "" if value is None else str(value)


def _here(row: models.Model, name: str) -> Plain:
    return plain(getattr(row, name))


def _remember(row: models.Model, told: Mapping[str, Plain]) -> None:
    before: dict[str, Plain] = getattr(row, "imported")  # noqa: B009
    setattr(row, "imported", before | dict(told))  # noqa: B010


def default(row: models.Model, name: str) -> Plain:
    """What stands in a field of which nobody said anything."""
    field = type(row)._meta.get_field(name)  # noqa: SLF001  # documented, despite its name
    return plain(field.get_default()) if isinstance(field, models.Field) else None


def label(table: type[models.Model], name: str) -> str:
    """What people call a field."""
    field = table._meta.get_field(name)  # noqa: SLF001  # documented, despite its name
    return str(getattr(field, "verbose_name", name))
