"""A question opens where the number is, under its row: what we saw, what was probably meant, what to do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from releveur.campaigns.questioning import Question
from releveur.fleet.models import Device, Meter
from releveur.readings import wording
from releveur.readings.mending import Offer, Proposal
from releveur.readings.wording import Named
from releveur.rules.validation import Code, Finding
from releveur.web.portal.sheet import Cell, Row, Sheet


@dataclass(frozen=True, slots=True)
class Change:
    """One value that a proposal puts in the place of what was typed; `where`: on another device."""

    label: str
    where: str
    typed: str
    value: str
    name: str = ""
    """Of its field, where the page has it."""


@dataclass(frozen=True, slots=True)
class Way:
    """One proposal, as its button says it."""

    name: str
    button: str
    changes: list[Change]
    puts: str = ""
    """What a script puts into which fields of this row; empty where other rows change too."""


@dataclass(frozen=True, slots=True)
class Told:
    """One finding: its sentence, and the buttons that answer it.

    `at`: the row where the same question has its buttons, if it is not this one.
    """

    sentence: str
    question: str = ""
    keep: str = ""
    first: Way | None = None
    others: list[Way] = field(default_factory=list)
    at: Row | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A proposal taken already, while the row still asks something else."""

    name: str
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Bound:
    """What may be told of a counter that was replaced."""

    name: str
    label: str
    typed: str


def ask(sheet: Sheet, questions: Mapping[int, Question]) -> None:
    """Put each device's question into its row, in the reader's words."""
    if not questions:
        return
    words = _Words(sheet, questions.values())
    asked: dict[str, Row] = {}
    for row in sheet.rows:
        question = questions.get(row.device.pk)
        if question is None:
            continue
        row.question = question
        offers = {id(offer.finding): offer for offer in question.offers}
        for finding in question.findings:
            offer = offers.get(id(finding))
            at = asked.setdefault(offer.question, row) if offer else row
            row.told.append(words.told(finding, offer, row, at=None if at is row else at))
        if question.waits_for is not None:
            row.told.append(words.waiting(question.waits_for))
        row.taken = [
            Taken(one.proposal.name, words.changes(one.offer, one.proposal, row))
            for one in question.taken
        ]
        row.bounds_asked = list(_bounds(row, question))
        if question.date_fault:
            row.date_error = wording.date_sentence(question.date_fault)


def _bounds(row: Row, question: Question) -> Iterator[Bound]:
    """What the old counter showed last and the new one first, for each meter that seems to be a new one."""
    keys = {finding.key for finding in question.findings if finding.code is Code.RESET}
    for cell in row.cells:
        if keys & {"", str(cell.due.meter_id)}:
            kind = {"kind": cell.kind.label}
            ended, began = f"ended-{cell.due.pk}", f"began-{cell.due.pk}"
            old = _("Old counter %(kind)s: last value") % kind
            yield Bound(ended, old, row.bounds.get(ended, ""))
            new = _("New counter %(kind)s: first value") % kind
            yield Bound(began, new, row.bounds.get(began, ""))


class _Words:
    """How the devices and meters of some questions are called; those of the page cost no query."""

    def __init__(self, sheet: Sheet, questions: Iterable[Question]) -> None:
        self.cells = {cell.due.meter_id: cell for row in sheet.rows for cell in row.cells}
        self.devices = {str(row.device.pk): name_of(row.device) for row in sheet.rows}
        findings = [finding for question in questions for finding in question.findings]
        meters = {int(meter) for one in findings for meter, _value in _all_values(one)}
        others = {one.other for one in findings if one.other}
        self.strangers: dict[int, Meter] = {}
        if (missing := meters - self.cells.keys()) or others - self.devices.keys():
            self._look_up(missing, [int(one) for one in others - self.devices.keys()])

    def _look_up(self, meters: set[int], devices: list[int]) -> None:
        known = Meter.objects.filter(pk__in=meters).select_related("kind", "device__model")
        self.strangers = {meter.pk: meter for meter in known}
        for device in Device.objects.filter(pk__in=devices).select_related("model"):
            self.devices[str(device.pk)] = name_of(device)

    def told(self, finding: Finding, offer: Offer | None, row: Row, *, at: Row | None) -> Told:
        named = Named(
            meter=self._label(int(finding.key)) if finding.key else "",
            meters=[self._label(int(meter)) for meter, _value in finding.mended],
            device=name_of(row.device),
            other=self.devices.get(finding.other, ""),
            full=offer.full if offer else None,
        )
        sentence = wording.sentence(finding, named)
        if offer is None:
            return Told(sentence)
        ways = [self._way(offer, proposal, row) for proposal in offer.proposals]
        if not offer.answers:
            return Told(sentence, others=ways)
        first, *others = ways
        first = replace(first, button=wording.mend_button(finding) or first.button)
        keep = wording.keep_button(finding)
        return Told(sentence, offer.question, keep, first, others, at)

    def waiting(self, device: int) -> Told:
        """Of a row whose values the question at another one may change."""
        named = {"other": self.devices.get(str(device), "")}
        return Told(_("This device waits for the answer about %(other)s.") % named)

    def changes(self, offer: Offer, proposal: Proposal, row: Row) -> list[Change]:
        """What changes with a proposal; what it leaves as it was is not said."""
        typed = dict(offer.typed)
        return [
            Change(
                self._label(meter),
                self._where(meter, row),
                wording.number(typed[meter]) if meter in typed else "–",
                wording.number(value),
                self.cells[meter].name if meter in self.cells else "",
            )
            for meter, value in proposal.values
            if typed.get(meter) != value
        ]

    def _way(self, offer: Offer, proposal: Proposal, row: Row) -> Way:
        changes = self.changes(offer, proposal, row)
        said = [f"{one.label} {one.value}" for one in changes]
        button = _("Take %(values)s") % {"values": wording.in_a_row(said)}
        puts = [{"field": one.name, "value": one.value} for one in changes]
        at_home = not any(one.where for one in changes)
        return Way(proposal.name, button, changes, json.dumps(puts) if at_home else "")

    def _label(self, meter: int) -> str:
        if cell := self.cells.get(meter):
            return cell.kind.label
        return self.strangers[meter].kind.label if meter in self.strangers else ""

    def _where(self, meter: int, row: Row) -> str:
        """The device of a meter, if it is not the row's own."""
        if any(cell.due.meter_id == meter for cell in row.cells):
            return ""
        cell: Cell | None = self.cells.get(meter)
        if cell is not None:
            return name_of(cell.due.meter.device)
        return name_of(self.strangers[meter].device) if meter in self.strangers else ""


def name_of(device: Device) -> str:
    """« 7855V_F 3923656030 »."""
    return f"{device.model.name} {device.serial}"


def _all_values(finding: Finding) -> Iterable[tuple[str, int]]:
    return (pair for way in (finding.mended, *finding.others) for pair in way)
