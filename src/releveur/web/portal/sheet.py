"""The sheet a customer fills in: every device asked of her, by company and site, with what stands.

It shows; what may be recorded is decided by `campaigns.answering`. A fixed number of queries,
whatever the number of devices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from releveur.campaigns import answering, late, reporting
from releveur.campaigns.models import Campaign, DueReading, Invitation, Problem
from releveur.campaigns.questioning import Question
from releveur.customers.models import Customer, Site
from releveur.fleet.models import Device, MeterKind
from releveur.readings import foreseeing, submission
from releveur.readings.examining import HAPPENED
from releveur.readings.foreseeing import Ahead
from releveur.readings.models import Billed, Reading
from releveur.rules import metering, walking
from releveur.rules.schedule import PARIS
from releveur.rules.validation import Code, Demand
from releveur.web.portal import asked

if TYPE_CHECKING:
    from releveur.web.portal.questions import Bound, Taken, Told

FEW = 7
"""Devices: up to here nobody misses a spreadsheet or a sheet of paper."""


class Status(StrEnum):
    """The state of a row: a word and a shape before a colour."""

    DUE = "DUE"
    PARTIAL = "PARTIAL"
    REPORTED = "REPORTED"
    DONE = "DONE"
    ASKS = "ASKS"
    ESTIMATED = "ESTIMATED"
    AUTOMATIC = "AUTOMATIC"


SETTLED = (Status.DONE, Status.REPORTED)


@dataclass(slots=True)
class Cell:
    """One meter of one device: the last billed value beside an empty field.

    `lowest`: the last real value, below which a photo is asked. `usual`: the difference that it
    usually makes with the value shown beside the field.
    """

    due: DueReading
    billed: Billed | None
    proposal: Reading | None = None
    lowest: int | None = None
    usual: tuple[int, int] | None = None
    typed: str = ""
    error: str = ""

    @property
    def name(self) -> str:
        return f"value-{self.due.pk}"

    @property
    def kind(self) -> MeterKind:
        return self.due.meter.kind

    @property
    def standing(self) -> Reading | None:
        """What somebody declared or read in this campaign; never our own estimate."""
        return self.proposal or self.due.answer

    @property
    def estimate(self) -> Reading | None:
        return self.due.estimate

    @property
    def seen(self) -> str:
        """The reading the form shows, so that a colleague's newer one is noticed."""
        return str(self.standing.pk) if self.standing else ""


@dataclass(slots=True)
class Row:
    """One device."""

    device: Device
    place: DueReading
    cells: list[Cell]
    problem: Problem | None = None
    taken_on: str = ""
    date_error: str = ""
    seen: dict[int, str | None] = field(default_factory=dict)
    proof: str = ""
    photo_error: str = ""
    confirmed: bool = False
    reason: str = ""
    mend: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    bounds: dict[str, str] = field(default_factory=dict)
    bounds_asked: list[Bound] = field(default_factory=list)
    line: int | None = None
    question: Question | None = None
    told: list[Told] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)

    @property
    def by_kind(self) -> Mapping[int, Cell]:
        return {cell.kind.pk: cell for cell in self.cells}

    @property
    def billed(self) -> Billed | None:
        """The last billed index of the device: the latest of its meters'."""
        found = [cell.billed for cell in self.cells if cell.billed]
        return max(found, key=lambda one: one.taken_on, default=None)

    @property
    def declared(self) -> Reading | None:
        """The latest reading that stands in this row: by whom and when."""
        found = [cell.standing for cell in self.cells if cell.standing]
        return max(found, key=lambda one: one.recorded_at, default=None)

    @property
    def wants_photo(self) -> bool:
        return self._wants(Demand.PROOF)

    @property
    def sentences(self) -> list[str]:
        return [one.sentence for one in self.told]

    @property
    def wants_word(self) -> bool:
        """Whether a tick is wanted: what one click answers has buttons instead."""
        offered = [offer.finding for offer in self.question.offers] if self.question else []
        return self.question is not None and any(
            finding.demand is Demand.CONFIRM and finding not in offered
            for finding in self.question.findings
        )

    @property
    def wants_reason(self) -> bool:
        """Whether something happened at the device; our own estimate too high is no such thing."""
        return self.question is not None and any(
            finding.code in HAPPENED for finding in self.question.findings
        )

    @property
    def seems_replaced(self) -> bool:
        """Whether the check thinks of a new counter by itself."""
        return self.question is not None and any(
            finding.code is Code.RESET for finding in self.question.findings
        )

    @property
    def likely_reason(self) -> str:
        """The one that was chosen, else what the check thinks of by itself."""
        return self.reason or ("METER_REPLACED" if self.seems_replaced else "")

    @property
    def fingerprint(self) -> str:
        """What a confirmation confirms: a number changed afterwards is asked about again."""
        return "/".join(cell.typed for cell in self.cells)

    @property
    def is_unchanged(self) -> bool:
        """No meter moved: the word wanted is « aucune impression »."""
        return self.question is not None and any(
            finding.code is Code.UNCHANGED for finding in self.question.findings
        )

    def _wants(self, demand: Demand) -> bool:
        return self.question is not None and any(
            finding.demand is demand for finding in self.question.findings
        )

    @property
    def has_something_to_say(self) -> bool:
        """Whether a zone opens under the row."""
        return bool(self.question or self.photo_error or self.proof or self.date_error)

    @property
    def is_folded(self) -> bool:
        """Whether it is settled: what stands is shown, and changed in a window of its own."""
        return self.status in SETTLED

    @property
    def asks(self) -> bool:
        errors = [self.date_error, self.photo_error, *(cell.error for cell in self.cells)]
        return any(errors) or self.question is not None

    @property
    def status(self) -> Status:
        filled = [cell.standing is not None for cell in self.cells]
        if self.asks:
            return Status.ASKS
        if all(filled):
            return Status.DONE
        if self.problem:
            return Status.REPORTED
        if any(filled):
            return Status.PARTIAL
        if self.device.mode == Device.Mode.AUTOMATIC:
            return Status.AUTOMATIC
        if any(cell.estimate for cell in self.cells):
            return Status.ESTIMATED
        return Status.DUE


@dataclass(frozen=True, slots=True)
class Group:
    """The devices of one site of one customer."""

    customer: Customer
    site: Site
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Masthead:
    """Who is asked, for which companies, and until when."""

    invitation: Invitation
    customers: Sequence[Customer]

    @property
    def campaign(self) -> Campaign:
        return self.invitation.campaign

    @property
    def is_open(self) -> bool:
        return self.campaign.state == Campaign.State.OPEN

    @property
    def is_signed(self) -> bool:
        return self.campaign.state == Campaign.State.SIGNED


@dataclass(frozen=True, slots=True)
class Sheet:
    head: Masthead
    groups: Sequence[Group]
    kinds: Sequence[MeterKind]
    days_left: int
    today: str
    """The latest day it is at one of its places: nobody's own today is refused."""
    known: Mapping[int, submission.Facts]
    now: datetime

    @property
    def may_be_estimated(self) -> bool:
        """Whether a contract here lets us estimate a silence."""
        return any(row.place.coverage.contract.estimation_allowed for row in self.rows)

    @property
    def columns(self) -> int:
        """How many columns a question spans: six of ours, and one per kind."""
        return 6 + len(self.kinds)

    @property
    def is_long(self) -> bool:
        """Whether paper and a spreadsheet are offered."""
        return len(self.rows) > FEW

    @property
    def rows(self) -> list[Row]:
        return [row for group in self.groups for row in group.rows]

    @property
    def to_send(self) -> int:
        """How many devices wait for a value."""
        return sum(row.status not in SETTLED for row in self.rows)

    @property
    def done(self) -> int:
        return sum(row.status is Status.DONE for row in self.rows)

    @property
    def asking(self) -> list[Row]:
        return [row for row in self.rows if row.asks]


def masthead(invitation: Invitation, rows: QuerySet[DueReading]) -> Masthead:
    """The companies a person answers for, by their codes."""
    customers = Customer.objects.filter(sites__installations__due_readings__in=rows)
    return Masthead(invitation, list(customers.distinct().order_by("code")))


def draw(
    invitation: Invitation, *, now: datetime, device: int | None = None, shown: bool = True
) -> Sheet:
    """Draw the sheet as it stands now.

    :param device: of this device only; nothing of a device that is not asked of this person
    :param shown: whether a person sees it; a form is read into one without the past of its meters
    """
    cells = _cells(invitation, asked.of(invitation, device, shown=shown))
    known = _add_past(cells, invitation, now) if shown else {}
    # A form is read by what stands in its rows; a problem says more only where something does.
    heard = shown or any(cell.standing for cell in cells)
    told = reporting.standing(cell.due.pk for cell in cells) if heard else {}
    rows = _rows(cells, told, now)
    kinds = {cell.kind.pk: cell.kind for row in rows for cell in row.cells}
    today = now.astimezone(PARIS).date()
    return Sheet(
        head=Masthead(invitation, _customers(rows)),
        groups=_groups(rows),
        kinds=sorted(kinds.values(), key=lambda kind: (kind.position, kind.code)),
        days_left=(invitation.asks_until.astimezone(PARIS).date() - today).days,
        today=max((answering.today(row.place, now=now) for row in rows), default=today).isoformat(),
        known=known,
        now=now,
    )


def _cells(invitation: Invitation, every: Sequence[DueReading]) -> list[Cell]:
    served = answering.serving(every)
    due = [row for row in every if served[row.meter_id] is row]
    came_late = late.told([row.pk for row in due]) if _is_signed(invitation) else {}
    return [Cell(one, None, came_late.get(one.pk)) for one in due]


def _rows(cells: Sequence[Cell], told: Mapping[int, Problem], now: datetime) -> list[Row]:
    return [
        _row(mine, told.get(mine[0].due.pk), now)
        for _device, group in groupby(cells, key=lambda cell: cell.due.meter.device_id)
        if (mine := list(group))
    ]


def _row(cells: list[Cell], problem: Problem | None, now: datetime) -> Row:
    place = cells[0].due
    row = Row(place.meter.device, place, cells, problem)
    whole = row.declared if row.status is Status.DONE else None
    row.taken_on = (whole.taken_on if whole else answering.likely_day(place, now=now)).isoformat()
    return row


def _add_past(
    cells: Sequence[Cell], invitation: Invitation, now: datetime
) -> Mapping[int, submission.Facts]:
    """Put the last billed value, the last real one and the usual difference beside each field, in three queries."""
    meters = [cell.due.meter_id for cell in cells]
    before = asked.billed_before(invitation, meters)
    billed = {one.meter_id: one for one in before}
    aside = [cell.standing.pk for cell in cells if cell.standing]
    known = submission.facts([cell.due.meter for cell in cells], setting_aside=aside)
    ahead = [Ahead(known[cell.due.meter_id], answering.today(cell.due, now=now)) for cell in cells]
    for cell, one, found in zip(cells, ahead, foreseeing.expect(ahead), strict=True):
        cell.billed = billed.get(cell.due.meter_id)
        last = metering.last_real(one.known.history)
        cell.lowest = last.value if last and last.segment == one.known.segment else None
        if found.usual and last and cell.billed and cell.billed.segment == last.segment:
            step = last.value - cell.billed.value
            low, high = found.usual
            cell.usual = max(0, low + step), max(0, high + step)
    return known


def _is_signed(invitation: Invitation) -> bool:
    return invitation.campaign.state == Campaign.State.SIGNED


def _customers(rows: Iterable[Row]) -> list[Customer]:
    found = {row.place.installation.site.customer_id: row.place.installation.site for row in rows}
    return [site.customer for site in found.values()]


def _groups(rows: Iterable[Row]) -> list[Group]:
    """Site by site, in the order of the walk: page, spreadsheet and paper have the same."""
    return [
        Group(group[0].place.installation.site.customer, group[0].place.installation.site, group)
        for _site, rows_of_site in groupby(rows, key=lambda row: row.place.installation.site_id)
        if (group := sorted(rows_of_site, key=_on_the_walk))
    ]


def _on_the_walk(row: Row) -> tuple[walking.Place, str]:
    return walking.place(row.place.installation.location), row.device.serial
