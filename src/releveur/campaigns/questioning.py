"""What of a declaration can be recorded at once, and what asks something first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from releveur.campaigns.models import Campaign, DueReading, Kind
from releveur.fleet import moving
from releveur.kept import AnyGiven, Given, Kept
from releveur.readings import examining, submission, withdrawing
from releveur.readings.examining import Examined, House, Places
from releveur.readings.mending import Mended, Offer
from releveur.readings.models import Reading
from releveur.readings.submission import DateFault, Declared, Facts
from releveur.rules import validation


@dataclass(frozen=True, slots=True)
class Question:
    """What one device's row asks before its values can be recorded.

    `offers`: findings that one click answers. `taken`: proposals taken already, while something else asks.
    `waits_for`: nothing asks here, but the question of that device may change the values.
    """

    findings: tuple[validation.Finding, ...] = ()
    conflicts: tuple[Reading, ...] = ()
    date_fault: DateFault | None = None
    offers: tuple[Offer, ...] = ()
    taken: tuple[Mended, ...] = ()
    waits_for: int | None = None

    @property
    def asks(self) -> bool:
        """Whether anything has to be answered."""
        return bool(self.findings or self.conflicts or self.date_fault)


def sort(
    declared: Sequence[Declared],
    rows: Mapping[int, DueReading],
    standing: Mapping[int, Reading],
    *,
    days: Mapping[int, date],
    invitation: int | None,
    places: Places | None = None,
) -> tuple[list[Examined], dict[int, Question]]:
    """Part what can be recorded from what asks something.

    :param rows: per meter, each declared one and those that a taken proposal names
    :param standing: what a new value of a meter would replace
    :param days: per meter, the day it is where its device stands
    :param places: of each device on the sheet or in the spreadsheet
    :param invitation: whose devices are looked at beside; else those of the same customers
    """
    aside = [
        reading.pk for reading in (*standing.values(), *withdrawing.starts_of(standing.values()))
    ]
    known = submission.facts([row.meter for row in rows.values()], setting_aside=aside)
    house = House.here(lambda: _beside(declared, rows, invitation), places)
    left = moving.left_on(row.installation for row in rows.values())
    accepted: list[Examined] = []
    questions: dict[int, Question] = {}
    for one in examining.examine(declared, known, house=house):
        mine = {meter: standing[meter] for meter in one.declared.values if meter in standing}
        row = rows[next(iter(one.declared.values))]
        fault = submission.date_fault(
            one.declared,
            known,
            today=days[row.meter_id],
            since=row.installation.since,
            until=left.get(row.installation_id),
            invoiced=not _is_signed(row),
        )
        question = Question(
            one.unmet, _conflicts(one.declared, mine), fault, one.offers, one.mended
        )
        if question.asks:
            questions[one.declared.device] = question
        else:
            accepted.append(replace(one, replaces=mine, occasion=_occasion(row)))
    return _held_together(accepted, questions, known)


def _held_together(
    accepted: Iterable[Examined], questions: dict[int, Question], known: Mapping[int, Facts]
) -> tuple[list[Examined], dict[int, Question]]:
    """What one click mends in several rows is recorded in all of them, or waits in all."""
    waits: dict[int, int] = {}
    for device, question in questions.items():
        concerned = {one for offer in question.offers for one in offer.devices}
        concerned |= {one for mended in question.taken for one in mended.devices(known)}
        waits |= dict.fromkeys(concerned, device)
    kept = []
    for one in accepted:
        device = one.declared.device
        if device in waits:
            questions[device] = Question(taken=one.mended, waits_for=waits[device])
        else:
            kept.append(one)
    return kept, questions


def _beside(
    declared: Collection[Declared], rows: Mapping[int, DueReading], invitation: int | None
) -> Mapping[int, Facts]:
    """The meters of her other devices that still wait for a value."""
    devices = [one.device for one in declared]
    if invitation is not None:
        waiting = _WAITING_FOR_HER.ask(invitation=invitation, devices=devices)
    else:
        any_row = next(iter(rows.values()))
        waiting = _WAITING_HERE.ask(
            campaign=any_row.campaign_id,
            customer=any_row.installation.site.customer_id,
            devices=devices,
        )
    return submission.facts(row.meter for row in waiting) if waiting else {}


_WITH_METERS = ("meter__kind", "meter__device__model")
_WAITING_FOR_HER = Kept(
    lambda: (
        DueReading.objects.asked_of(Given("invitation"))
        .unanswered()
        .exclude(meter__device=AnyGiven("devices"))
        .select_related(*_WITH_METERS)
    )
)
_WAITING_HERE = Kept(
    lambda: (
        DueReading.objects.filter(
            campaign=Given("campaign"), installation__site__customer=Given("customer")
        )
        .unanswered()
        .exclude(meter__device=AnyGiven("devices"))
        .select_related(*_WITH_METERS)
    )
)


def _occasion(row: DueReading) -> Reading.Occasion:
    """What a one-off request gets before a device leaves is its last reading."""
    leaves = row.kind == Kind.ONE_OFF and row.final
    return Reading.Occasion.REMOVAL if leaves else Reading.Occasion.PERIODIC


def _is_signed(row: DueReading) -> bool:
    return row.campaign.state == Campaign.State.SIGNED


def _conflicts(one: Declared, standing: Mapping[int, Reading]) -> tuple[Reading, ...]:
    """What a colleague declared since the form was shown, when it is not what is declared now."""
    if one.seen is None:
        return ()
    seen = one.seen
    return tuple(
        reading
        for meter, reading in standing.items()
        if seen.get(meter) != reading.pk and reading.value != one.values[meter]
    )
