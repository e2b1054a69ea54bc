"""Readings from a file: history, service reports, what any collector exports.

One row per device and day with a column per meter, or one row per meter. The devices and their
meters come from the fleet file; here nothing but values is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from releveur.among import AmongTexts
from releveur.audit.models import Action
from releveur.audit.writing import OFFICE, By
from releveur.fleet.models import Meter
from releveur.importing import applied, kinds, mapping, recording, tables, values
from releveur.importing import cells as reading_cells
from releveur.importing.cells import Cells
from releveur.importing.columns import READINGS, bare, find
from releveur.importing.fleet import Progress, silence, wait_for_other_imports
from releveur.importing.recording import Fact
from releveur.importing.report import Report
from releveur.importing.tables import Table
from releveur.readings.models import Quality, Reading

NEEDED = ("serial", "taken_on")
AT_A_TIME = 20_000


@dataclass(frozen=True, slots=True)
class _Told:
    """What one row says of one meter."""

    line: int
    column: str
    serial: str
    kind: str
    label: str
    taken_on: date
    value: int
    quality: Quality
    source: Reading.Source
    occasion: Reading.Occasion
    billed: bool


@dataclass(frozen=True, slots=True)
class _Manner:
    """How the values of one row came to be known."""

    taken_on: date
    quality: Quality
    source: Reading.Source
    occasion: Reading.Occasion
    billed: bool


def import_readings(
    path: Path,
    *,
    sheet: str = "",
    by: mapping.Named | None = None,
    progress: Progress | None = None,
    noted_by: By = OFFICE,
    now: datetime,
) -> Report:
    """Write the values of a file that are new; any error refuses the whole file.

    The same values again change nothing, in any order of files; what contradicts a value that
    stands is listed and not written.

    :param sheet: the sheet of a workbook; the first one when empty
    :param by: the mapping of its headings
    """
    report = Report()
    tell = progress or silence
    with transaction.atomic():
        wait_for_other_imports()
        told = _read(path, sheet, by, report)
        tell(_("%(count)d values read") % {"count": len(told)})
        done = 0
        for some in _a_few_devices_at_a_time(told):
            facts = list(_facts(some, report))
            if not report.errors:
                recording.record(facts, report=report, now=now)
                done += len(some)
                tell(_("%(done)d values of %(total)d") % {"done": done, "total": len(told)})
        if not report.errors:
            applied.note(path, Action.IMPORT_READINGS, report, by=noted_by, now=now)
        transaction.set_rollback(bool(report.errors))
    if report.errors:
        report.forget_counts()
    return report


def _read(path: Path, sheet: str, by: mapping.Named | None, report: Report) -> list[_Told]:
    try:
        return list(_rows(mapping.read(path, sheet=sheet, by=by), report))
    except tables.Unreadable as problem:
        report.error(problem.line, "", "", str(problem))
        return []


def _a_few_devices_at_a_time(told: list[_Told]) -> Iterator[list[_Told]]:
    """All values of a device stay together: they are compared with each other."""
    by_serial: dict[str, list[_Told]] = defaultdict(list)
    for one in told:
        by_serial[one.serial].append(one)
    some: list[_Told] = []
    for values_of_one in by_serial.values():
        some += values_of_one
        if len(some) >= AT_A_TIME:
            yield some
            some = []
    if some:
        yield some


def _rows(table: Table, report: Report) -> Iterator[_Told]:
    columns = find(table.headings, READINGS, mapped=table.names)
    missing = reading_cells.require(columns, NEEDED, READINGS)
    if missing or not (columns.meters or "meter" in columns.fields):
        names = [*missing, *([] if columns.meters else [_("Compteur …")])]
        message = _("These headings are missing: %(names)s. Export the file again with them.")
        raise tables.Unreadable(message % {"names": ", ".join(names)})
    reading_cells.announce(columns, report)
    codes = kinds.known()
    for row in table.rows:
        cells = Cells(row, columns, READINGS, report)
        if reading_cells.usable(cells):
            yield from _row(cells, codes)


def _row(cells: Cells, names: dict[str, str]) -> Iterator[_Told]:
    serial, manner = cells.read("serial", values.serial), _manner(cells)
    if serial is None and not cells.text("serial"):
        cells.error("serial", "", _("The device has no serial number. Write it."))
    if serial is None or manner is None:
        return
    for column, label, value in _values(cells):
        if value is not None:
            yield _Told(
                cells.line, column, serial, kinds.code(label, names), label,
                manner.taken_on, value, manner.quality, manner.source, manner.occasion,
                manner.billed,
            )  # fmt: skip


def _values(cells: Cells) -> Iterator[tuple[str, str, int | None]]:
    columns = cells.columns
    for label, position in columns.meters.items():
        yield columns.headings[position], label, cells.number(position, values.count)
    if label := cells.text("meter", 60):
        yield columns.heading("value", READINGS), label, cells.read("value", values.count)


def _manner(cells: Cells) -> _Manner | None:
    """An origin may name an occasion or an estimate, as ERPs mix them in one column."""
    taken_on = cells.read("taken_on", values.day)
    if taken_on is None:
        if not cells.text("taken_on"):
            cells.error("taken_on", "", _("The reading has no day. Write it."))
        return None
    origin = bare(cells.text("origin"))
    nature = cells.read("nature", lambda text: values.word(text, values.NATURES))
    quality = nature or values.NATURES.get(origin, Quality.ACTUAL)
    occasion = cells.read("occasion", lambda text: values.word(text, values.OCCASIONS))
    billed = cells.read("billed", lambda text: values.word(text, values.YES_NO))
    return _Manner(
        taken_on,
        quality,
        _source(cells, origin),
        occasion or values.OCCASIONS.get(origin, Reading.Occasion.PERIODIC),
        quality == Quality.ESTIMATED if billed is None else billed,
    )


def _source(cells: Cells, origin: str) -> Reading.Source:
    if origin in values.ORIGINS:
        return values.ORIGINS[origin]
    if origin and origin not in values.OCCASIONS and origin not in values.NATURES:
        cells.warn("origin", cells.text("origin"), _("This origin is not known: import was taken."))
    return Reading.Source.IMPORT


def _facts(told: list[_Told], report: Report) -> Iterator[Fact]:
    """Find the meter of each value; an unknown device is an error, an unknown meter a warning."""
    serials = {one.serial for one in told}
    found = Meter.objects.filter(AmongTexts("device__serial", serials)).order_by("pk")
    meters = {
        (serial, kind): number
        for serial, kind, number in found.values_list("device__serial", "kind__code", "pk")
    }
    serials = {serial for serial, _kind in meters}
    for one in told:
        meter = meters.get((one.serial, one.kind))
        if one.serial not in serials:
            message = _("This device is not known. Import it with the fleet first.")
            report.error(one.line, _serial_heading(), one.serial, message)
        elif meter is None:
            if one.value:
                message = _("This device has no such meter. Add it with the fleet first.")
                report.warn(one.line, one.column, str(one.value), message)
        elif one.quality == Quality.ESTIMATED and not one.billed:
            message = _("An estimate that was not billed says nothing: it was left aside.")
            report.warn(one.line, one.column, str(one.value), message)
        else:
            yield Fact(
                one.line, one.column, meter, one.taken_on, one.value, one.quality, one.source,
                one.occasion, one.billed,
            )  # fmt: skip


def _serial_heading() -> str:
    return READINGS["serial"][0]
