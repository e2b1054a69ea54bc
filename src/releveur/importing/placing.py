"""Where each device of a file stands, and under which contract: standing, moved, or gone.

A serial found at another site or customer ends its installation and its coverage at « Date
d'installation »; « Date de retrait » ends both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from releveur.contracts.models import Contract, Coverage
from releveur.customers.models import Site
from releveur.fleet.models import Device, Installation
from releveur.importing import comparing, deciding
from releveur.importing.comparing import Changes
from releveur.importing.deciding import Difference, Plain
from releveur.importing.picture import Said, SaidDevice
from releveur.importing.report import Remark, Report

CONTRACT = "contract"
"""Where an installation remembers which contract the ERP said last."""
SITE, UNTIL = "site", "until"
"""Where it remembers that it stands elsewhere in the ERP, and on which day the device left there."""


@dataclass(frozen=True, slots=True)
class Place:
    """One device as the file has it, its rows written."""

    said: SaidDevice
    device: Device
    site: Site
    contract: Contract


@dataclass(slots=True)
class Standing:
    """Where the devices stand here, oldest first; and what changes."""

    stays: Mapping[int, list[Installation]]
    coverages: Mapping[int, list[Coverage]]
    headings: Mapping[str, str]
    report: Report
    today: date
    new_stays: Changes[Installation] = field(default_factory=Changes)
    new_coverages: Changes[Coverage] = field(default_factory=Changes)

    def write(self) -> None:
        self.new_stays.write(Installation)
        self.new_coverages.write(Coverage)

    def begin(self, place: Place, since: date | None) -> None:
        """The device stands at its site, from that day on."""
        stay = Installation(device_id=place.device.pk, site_id=place.site.pk, since=since)
        comparing.fill(stay, _stay_said(place).values)
        stay.since, stay.until = since, place.said.removed
        stay.imported[CONTRACT] = _contract_told(place.said)
        stay.imported["since"] = deciding.plain(since)
        if place.said.removed:
            stay.imported[UNTIL] = place.said.removed.isoformat()
        self.new_stays.created.append(stay)
        self.report.counts["installations"].created += 1

    def cover(self, place: Place, since: date | None) -> None:
        coverage = Coverage(device_id=place.device.pk, contract_id=place.contract.pk, since=since)
        coverage.until = place.said.removed
        self.new_coverages.created.append(coverage)

    def end(self, row: Installation | Coverage, on: date) -> None:
        """It ends as the ERP says."""
        row.until = max(on, row.since or on)
        if isinstance(row, Installation):
            row.imported = {**row.imported, UNTIL: row.until.isoformat()}
            self.new_stays.touch(row, "until", "imported")
        else:
            self.new_coverages.touch(row, "until")

    def takes_the_files(
        self,
        stay: Installation,
        field: str,
        *,
        said: Plain,
        here: Plain,
        remark: Remark,
        shown: str,
    ) -> bool:
        """Settle what the file and we say of a device's place."""
        self.new_stays.touch(stay, "imported")
        found = Difference(field, said, here, remark, shown)
        return deciding.takes_the_files(stay, found, self.report)


def put(place: Place, standing: Standing) -> None:
    """Confront one device's place with where it stands here."""
    stays = standing.stays.get(place.device.pk, [])
    last = stays[-1] if stays else None
    if last is None:
        standing.begin(place, place.said.installed)
        _cover(place, standing, since=place.said.installed)
    elif last.site_id != place.site.pk:
        _move(place, stays, standing)
    elif last.until is not None:
        _returned_or_gone(place, last, standing)
    else:
        _stays(place, stays, standing)


def _stays(place: Place, stays: list[Installation], standing: Standing) -> None:
    last, removed = stays[-1], place.said.removed
    said = _stay_said(place)
    since = said.values.get("since")
    before = stays[-2].until if len(stays) > 1 else None
    if isinstance(since, date) and before and since < before:
        said.values.pop("since")
    took = comparing.compare(
        last, said, standing.new_stays, table="installations", report=standing.report
    )
    if removed is None:
        _confirm_contract(place, last, standing)
    elif last.since and removed < last.since:
        message = _("The device leaves before it was installed. Check both days.")
        value = f"{removed:%d/%m/%Y}"
        standing.report.error(place.said.line, standing.headings["removed"], value, message)
    else:
        standing.end(last, removed)
        _end_coverage(place.device, removed, standing)
        standing.report.counts["installations"].updated += not took
        standing.report.counts["installations"].unchanged -= not took


def _confirm_contract(place: Place, stay: Installation, standing: Standing) -> None:
    """The contract of a device that stays: the ERP's, unless only somebody here changed it."""
    coverages = standing.coverages.get(place.device.pk, [])
    last = coverages[-1] if coverages else None
    told, telling = stay.imported.get(CONTRACT), _contract_told(place.said)
    differs = last is None or last.until is not None or last.contract_id != place.contract.pk
    if differs and told == telling:
        here = str(last.contract) if last and last.until is None else "–"
        message = _("%(row)s: here it is « %(here)s ». Change it here or in the ERP.")
        sentence = message % {"row": place.device, "here": here}
        remark = Remark(
            place.said.line, standing.headings["contract"], str(place.contract), sentence
        )
        if not standing.takes_the_files(
            stay, CONTRACT, said=telling, here=here, remark=remark, shown=here
        ):
            return
    elif deciding.forget(stay, CONTRACT):
        standing.new_stays.touch(stay, "imported")
    if told != telling:
        stay.imported = {**stay.imported, CONTRACT: telling}
        standing.new_stays.touch(stay, "imported")
    _cover(place, standing, since=place.said.installed)


def _move(place: Place, stays: list[Installation], standing: Standing) -> None:
    last, said, installed = stays[-1], place.said, place.said.installed
    if deciding.made_here(last) and any(one.site_id == place.site.pk for one in stays):
        _moved_here(place, last, standing)
        return
    if installed is None:
        message = _("This device stands at %(site)s. Write since when it is at the new place.")
        standing.report.error(
            said.line, standing.headings["installed"], "", message % {"site": last.site}
        )
        return
    earliest = max(filter(None, (last.since, last.until)), default=None)
    if earliest and (installed < earliest or installed == last.since):
        message = _("This device stands at %(site)s since %(day)s. Write the later day it moved.")
        words = {"site": last.site, "day": f"{earliest:%d/%m/%Y}"}
        value = f"{installed:%d/%m/%Y}"
        standing.report.error(said.line, standing.headings["installed"], value, message % words)
        return
    if last.until is None:
        standing.end(last, installed)
        standing.report.counts["installations"].updated += 1
    _end_coverage(place.device, installed, standing)
    standing.begin(place, installed)
    standing.cover(place, installed)


def _moved_here(place: Place, last: Installation, standing: Standing) -> None:
    """The ERP still has the device where it stood before somebody moved it here."""
    said = place.said
    message = _("Here the device was moved to %(site)s. Move it in the ERP too, or back here.")
    remark = Remark(
        said.line, standing.headings["site"], str(place.site), message % {"site": last.site}
    )
    if not standing.takes_the_files(
        last, SITE, said=place.site.pk, here=last.site_id, remark=remark, shown=str(last.site)
    ):
        standing.report.counts["installations"].unchanged += 1
        return
    day = max(standing.today, last.since or standing.today)
    if last.until is None:
        standing.end(last, said.removed or day)
        standing.report.counts["installations"].updated += 1
    if said.removed:
        _end_coverage(place.device, said.removed, standing)
        return
    standing.begin(place, day)
    _cover(place, standing, since=day)


def _returned_or_gone(place: Place, last: Installation, standing: Standing) -> None:
    said = place.said
    assert last.until is not None
    if said.removed is None and said.installed and said.installed >= last.until:
        standing.begin(place, said.installed)
        _cover(place, standing, since=said.installed)
        return
    if said.removed == last.until:
        if last.imported.get(UNTIL) != last.until.isoformat() or deciding.met(last):
            deciding.forget(last, UNTIL)
            last.imported = {**last.imported, UNTIL: last.until.isoformat()}
            standing.new_stays.touch(last, "imported")
        standing.report.counts["installations"].unchanged += 1
        return
    _left_another_day(place, last, standing)


def _left_another_day(place: Place, last: Installation, standing: Standing) -> None:
    """The ERP says another day than we, or none: an empty cell overwrites nothing."""
    removed, here = place.said.removed, last.until
    assert here is not None
    message = _("Here the device left on %(day)s. Write the day it came back, or when it left.")
    value = f"{removed:%d/%m/%Y}" if removed else ""
    sentence = message % {"day": f"{here:%d/%m/%Y}"}
    told = removed.isoformat() if removed else ""
    remark = Remark(place.said.line, standing.headings["removed"], value, sentence)
    if removed is None and standing.report.prefer == "file":
        standing.report.differences.append(remark)
    elif standing.takes_the_files(
        last, UNTIL, said=told, here=here.isoformat(), remark=remark, shown=f"{here:%d/%m/%Y}"
    ):
        assert removed is not None
        standing.end(last, removed)
        for coverage in standing.coverages.get(place.device.pk, [])[-1:]:
            if coverage.until == here:
                standing.end(coverage, removed)
        standing.report.counts["installations"].updated += 1
        return
    standing.report.counts["installations"].unchanged += 1


def _cover(place: Place, standing: Standing, *, since: date | None) -> None:
    """The device is under the contract of the file; another one ends where it was last billed."""
    coverages = standing.coverages.get(place.device.pk, [])
    last = coverages[-1] if coverages else None
    if last is None:
        standing.cover(place, since)
    elif last.until is not None:
        standing.cover(place, max(since or last.until, last.until))
    elif last.contract_id != place.contract.pk:
        day = max(place.said.billed_on or standing.today, last.since or date.min)
        standing.end(last, day)
        standing.cover(place, day)
        message = _("The device goes from contract %(old)s to %(new)s on %(day)s.")
        words = {"old": last.contract, "new": place.contract, "day": f"{day:%d/%m/%Y}"}
        standing.report.warn(
            place.said.line, standing.headings["contract"], place.device.serial, message % words
        )


def _end_coverage(device: Device, on: date, standing: Standing) -> None:
    for coverage in standing.coverages.get(device.pk, []):
        if coverage.until is None:
            standing.end(coverage, on)


def retire(device: Device, standing: Standing) -> None:
    """A device that the file no longer has leaves today."""
    for stay in standing.stays.get(device.pk, []):
        if stay.until is None:
            standing.end(stay, standing.today)
            standing.report.counts["installations"].updated += 1
    _end_coverage(device, standing.today, standing)


def _contract_told(said: SaidDevice) -> str:
    """The contract as the ERP names it: by its number, else by its period."""
    return said.contract or f"/{said.months}"


def _stay_said(place: Place) -> Said:
    said = Said(place.said.line, dict(place.said.stay.values))
    if place.said.installed:
        said.values["since"] = place.said.installed
    return said
