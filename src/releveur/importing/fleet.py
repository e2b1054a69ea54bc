"""The dealer's fleet, from one file of the ERP: all of it or nothing, and as often as one likes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from releveur import turns
from releveur.among import Among
from releveur.audit.models import Action
from releveur.audit.writing import OFFICE, By
from releveur.contracts.models import Coverage
from releveur.fleet.models import Device, Installation
from releveur.importing import (
    applied,
    drawing,
    mapping,
    placing,
    recording,
    tables,
    terms,
    writing,
)
from releveur.importing.picture import Picture
from releveur.importing.placing import Place, Standing
from releveur.importing.recording import Fact
from releveur.importing.report import Prefer, Report
from releveur.importing.unswept import unswept
from releveur.importing.writing import Rows
from releveur.rules.schedule import PARIS
from releveur.turns import Turn

type Progress = Callable[[str], None]


def import_fleet(
    path: Path,
    *,
    sheet: str = "",
    by: mapping.Named | None = None,
    retire_missing: bool = False,
    prefer: Prefer = "",
    progress: Progress | None = None,
    noted_by: By = OFFICE,
    now: datetime,
) -> Report:
    """Make the fleet here what the file says, except where somebody changed it here.

    Any error refuses the whole file, and all errors are listed. A second import of the same file
    changes nothing; two at once wait for each other.

    :param sheet: the sheet of a workbook; the first one when empty
    :param by: the mapping of its headings
    :param retire_missing: devices the file does not have leave today; otherwise they are listed
    :param prefer: whose value counts where one was changed here; by default ours, and it is listed
    :param progress: called with a sentence after each part of the work
    """
    report = Report(prefer=prefer, today=now.astimezone(PARIS).date())
    tell = progress or silence
    with unswept(), transaction.atomic():
        wait_for_other_imports()
        picture = _drawn(path, sheet, by, report, tell)
        if picture and not report.errors:
            _write(picture, report, retire_missing=retire_missing, tell=tell, now=now)
            applied.note(path, Action.IMPORT_FLEET, report, by=noted_by, now=now)
        transaction.set_rollback(bool(report.errors))
    if report.errors:
        report.forget_counts()
    return report


def wait_for_other_imports() -> None:
    """One import at a time, to the end of the transaction."""
    turns.wait(Turn.IMPORTING)


def _drawn(
    path: Path, sheet: str, by: mapping.Named | None, report: Report, tell: Progress
) -> Picture | None:
    try:
        picture = drawing.draw(mapping.read(path, sheet=sheet, by=by), report)
    except tables.Unreadable as problem:
        report.error(problem.line, "", "", str(problem))
        return None
    tell(_("%(count)d devices read") % {"count": len(picture.devices)})
    return picture


def _write(
    picture: Picture, report: Report, *, retire_missing: bool, tell: Progress, now: datetime
) -> None:
    rows = Rows()
    writing.write_people_and_places(picture, rows, report)
    tell(_("customers, sites and contacts written"))
    writing.write_devices(picture, rows, report)
    writing.write_meters(picture, rows, report)
    writing.write_respondents(picture, rows, report)
    tell(_("devices and meters written"))
    _place(picture, rows, report, retire_missing=retire_missing)
    tell(_("contracts and installations written"))
    if not report.errors:
        facts = list(_facts(picture, rows, report))
        fresh = {one.pk for one in rows.meters.values()} - rows.known_meters
        recording.record(facts, fresh=fresh, report=report, now=now)
        tell(_("last billed readings written"))


def _place(picture: Picture, rows: Rows, report: Report, *, retire_missing: bool) -> None:
    known = Among("device", rows.known_devices)
    absent = _absent(rows)
    coverages = Coverage.objects.filter(known)
    covering = _by_device(coverages.prefetch_related("contract__customer"))
    standing = Standing(
        _by_device(Installation.objects.filter(known).prefetch_related("site")),
        covering,
        picture.headings,
        report,
        report.today,
    )
    open_ones = {
        rows.known_devices[one.device_id].serial: one
        for some in covering.values()
        for one in some
        if one.until is None
    }
    contracts = terms.settle(picture, rows.customers, open_ones, report=report)
    for serial, said in picture.devices.items():
        site = rows.sites[said.site]
        placing.put(Place(said, rows.devices[serial], site, contracts[serial]), standing)
    _leave(absent, standing, retire_missing=retire_missing)
    if not report.errors:
        standing.write()


def _absent(rows: Rows) -> list[Device]:
    """Devices that stand somewhere and are not in the file."""
    installed = Installation.objects.filter(until=None).values_list("device_id", flat=True)
    absent = Among("pk", set(installed).difference(rows.known_devices))
    return list(Device.objects.filter(absent).select_related("model").order_by("serial"))


def _leave(absent: Sequence[Device], standing: Standing, *, retire_missing: bool) -> None:
    if retire_missing:
        ids = [one.pk for one in absent]
        left = Standing(
            _by_device(Installation.objects.filter(device__in=ids)),
            _by_device(Coverage.objects.filter(device__in=ids)),
            standing.headings,
            standing.report,
            standing.today,
            standing.new_stays,
            standing.new_coverages,
        )
        for device in absent:
            placing.retire(device, left)
        return
    for device in absent:
        message = _("The file does not have this device, which stands here. Retire it, or add it.")
        standing.report.differ(None, standing.headings["serial"], device.serial, message)


def _by_device[M: (Installation, Coverage)](found: Iterable[M]) -> dict[int, list[M]]:
    grouped: dict[int, list[M]] = defaultdict(list)
    for one in found:
        grouped[one.device_id].append(one)
    for rows in grouped.values():
        rows.sort(key=lambda one: (one.until is None, one.since or date.min))
    return grouped


def _facts(picture: Picture, rows: Rows, report: Report) -> Iterator[Fact]:
    for serial, said in picture.devices.items():
        for kind, meter in said.meters.items():
            row = rows.meters.get((serial, kind))
            if row is None or meter.value is None:
                continue
            if said.billed_on is None:
                message = _("A value without its day was left aside. Write the day it was billed.")
                report.warn(meter.line, meter.column, str(meter.value), message)
                continue
            yield Fact(meter.line, meter.column, row.pk, said.billed_on, meter.value, said.nature)


def silence(_sentence: str) -> None:
    """Nobody watches."""
