"""The one door for answers: portal, phone, mail, interface.

Campaigns are shared, every invitation that asks the rows and the rows are held (`locks`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from releveur.accounts.models import User
from releveur.audit.writing import By
from releveur.campaigns import acknowledging, late, locks, pointing, reminding
from releveur.campaigns.letter import Corrected
from releveur.campaigns.models import Campaign, DueReading, Invitation, Kind, Receipt
from releveur.customers import acting
from releveur.customers.models import Contact
from releveur.dealer.models import Dealer
from releveur.fleet import moving
from releveur.kept import AnyGiven, Given, Kept, again
from releveur.readings import submission, withdrawing
from releveur.readings.models import Billed, Reading
from releveur.readings.submission import DateFault, Declared, Examined
from releveur.rules import validation

AGAIN = "declared again"


type Look = Callable[[Collection[int]], Mapping[int, int]]
"""Which rows of these meters may be answered now, with their campaigns."""


class SentOtherwise(Exception):
    """The same form was sent before with other values: its receipt says what stands."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(receipt.number)
        self.receipt = receipt


@dataclass(frozen=True, slots=True)
class Question:
    """What one device's row asks before its values can be recorded."""

    findings: tuple[validation.Finding, ...] = ()
    conflicts: tuple[Reading, ...] = ()
    date_fault: DateFault | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The receipt of what was recorded, if anything was, and what still asks, per device."""

    receipt: Receipt | None
    repeated: bool = False
    questions: Mapping[int, Question] = field(default_factory=dict)


def asked_of(invitation: Invitation) -> Look:
    """The rows that a person is asked, for `answer`."""
    return lambda meters: dict(_ASKED.ask(invitation=invitation.pk, meters=[*meters]))


_ASKED = Kept(
    lambda: (
        DueReading.objects.asked_of(Given("invitation"))
        .filter(meter=AnyGiven("meters"))
        .values_list("pk", "campaign_id")
    )
)


def among(rows: QuerySet[DueReading]) -> Look:
    """Any of these rows, for `answer`."""
    return lambda meters: dict(rows.filter(meter__in=meters).values_list("pk", "campaign_id"))


@again
@transaction.atomic
def answer(
    look: Look,
    declared: Sequence[Declared],
    *,
    by: Contact | User | None,
    source: Reading.Source,
    now: datetime,
    nonce: UUID,
    invitation: Invitation | None = None,
    noted_by: By | None = None,
) -> Outcome:
    """Record what was declared for these rows; one call, one receipt, at most one mail.

    Good rows are recorded; a row that asks something is returned with its question and nothing of
    it is recorded. After the signature a value becomes a proposal for the next period. The same
    nonce records nothing: it gives the same receipt, and what asked asks again.

    :param look: which rows may be answered: `asked_of` a person, or any `among` rows
    :param noted_by: who it is for the audit, where `by` does not say it
    :raises SentOtherwise: the nonce was used with other values
    """
    digest = _digest(declared)
    rows = _lock(look, declared)
    before = _before(nonce, digest)
    standing = _standing(rows)
    accepted, questions = _sort(_news(declared, rows, standing), rows, standing, now)
    if before is not None:
        return Outcome(before, repeated=True, questions=_left_open(questions, before))
    if not accepted:
        return Outcome(None, questions=questions)
    instead = _corrected(accepted, rows)
    stood = {meter: row.reading for meter, row in rows.items()}
    fresh = _record(accepted, rows, by=by, source=source, now=now)
    replaced = [one for item in accepted for one in item.replaces.values()]
    if replaced:
        withdrawing.withdraw(withdrawing.starts_of(replaced), by=by, reason=AGAIN, now=now)
    lines = [(rows[meter], reading) for meter, reading in fresh.items()]
    receipt = acknowledging.acknowledge(
        lines, nonce=nonce, digest=digest, by=by, invitation=invitation, instead=instead, now=now
    )
    reminding.withhold_answered(locks.asking(rows.values()), now=now)
    late.note_corrections(fresh, rows, before=stood, by=noted_by or acting.by(by), now=now)
    return Outcome(receipt, questions=questions)


def questions(
    due_readings: QuerySet[DueReading], declared: Sequence[Declared], *, now: datetime
) -> Mapping[int, Question]:
    """What these values would ask, per device; nothing is held and nothing recorded."""
    meters = {meter for one in declared for meter in one.values}
    mine = due_readings.filter(meter__in=meters).select_related(
        "meter__device", "campaign", "installation", "reading", "coverage__contract"
    )
    rows = serving(mine)
    standing = _standing(rows)
    _accepted, asked = _sort(_news(declared, rows, standing), rows, standing, now)
    return asked


def _digest(declared: Sequence[Declared]) -> str:
    body = [
        [
            one.device,
            one.taken_on.isoformat(),
            sorted(one.values.items()),
            one.reason,
            one.confirmed,
        ]
        for one in sorted(declared, key=lambda one: one.device)
    ]
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()


def _before(nonce: UUID, digest: str) -> Receipt | None:
    """The receipt this form got already; the rows are held, so that a twin has finished."""
    receipt = _OF_NONCE.first(nonce=nonce)
    if receipt is not None and receipt.digest != digest:
        raise SentOtherwise(receipt)
    return receipt


_OF_NONCE = Kept(lambda: Receipt.objects.filter(nonce=Given("nonce")))


def _left_open(questions: Mapping[int, Question], receipt: Receipt) -> dict[int, Question]:
    """The questions of devices that the receipt does not name."""
    named = set(receipt.lines.values_list("due_reading__meter__device_id", flat=True))
    return {device: question for device, question in questions.items() if device not in named}


def _lock(may_answer: Look, declared: Sequence[Declared]) -> dict[int, DueReading]:
    """Lock campaigns, invitations and rows, in this order, and return the rows per meter."""
    meters = {meter for one in declared for meter in one.values}
    still: dict[int, int] = {}

    def look() -> Mapping[int, int]:
        # A colleague may have taken them back, or the device have left, while we waited.
        still.clear()
        still.update(may_answer(meters))
        return with_twins(still)

    held = locks.hold_whole(look)
    rows = serving(row for row in held if row.pk in still)
    if missing := meters - set(rows):
        raise DueReading.DoesNotExist(f"no reading of meters {sorted(missing)} is due here")
    return rows


def with_twins(rows: Mapping[int, int]) -> dict[int, int]:
    """These rows and those of other unsigned campaigns that stand at the same readings, with their campaigns."""
    return dict(_TWINS.ask(rows=[*rows])) | dict(rows)


_TWINS = Kept(
    lambda: (
        DueReading.objects.filter(reading__fills=AnyGiven("rows"))
        .exclude(campaign__state=Campaign.State.SIGNED)
        .values_list("pk", "campaign_id")
    )
)


def serving(rows: Iterable[DueReading]) -> dict[int, DueReading]:
    """Of several rows of one meter (it ended here and began again): the first unanswered by its day,
    else the last.
    """
    found: dict[int, DueReading] = {}
    for row in sorted(rows, key=lambda row: (row.due_on, row.pk)):
        if row.meter_id not in found or found[row.meter_id].answer:
            found[row.meter_id] = row
    return found


def _standing(rows: Mapping[int, DueReading]) -> dict[int, Reading]:
    """What a new value of each meter would replace: its reading or, once signed, the last proposal.

    What a one-off request got may be invoiced with its period already: then it stays.
    """
    signed = [row for row in rows.values() if _is_signed(row)]
    proposals = late.proposals(row.pk for row in signed)
    requested = [row.reading_id for row in rows.values() if row.kind == Kind.ONE_OFF]
    invoiced = Billed.objects.filter(reading__in=requested).values_list("reading_id", flat=True)
    stays = set(invoiced) if requested else set()
    real = {
        meter: row.answer
        for meter, row in rows.items()
        if row.answer is not None and not _is_signed(row) and row.reading_id not in stays
    }
    return real | {row.meter_id: proposals[row.pk] for row in signed if row.pk in proposals}


def _is_signed(row: DueReading) -> bool:
    return row.campaign.state == Campaign.State.SIGNED


def _news(
    declared: Sequence[Declared], rows: Mapping[int, DueReading], standing: Mapping[int, Reading]
) -> list[Declared]:
    """Drop what stands already: a form sends back the values it showed."""
    signed = {meter: row.answer for meter, row in rows.items() if row.answer is not None}
    shown = signed | dict(standing)
    news = [
        replace(
            one,
            values={
                meter: value
                for meter, value in one.values.items()
                if meter not in one.kept and _differs(shown.get(meter), value, one)
            },
        )
        for one in declared
    ]
    return [one for one in news if one.values]


def _differs(shown: Reading | None, value: int, one: Declared) -> bool:
    return shown is None or (shown.value, shown.taken_on) != (value, one.taken_on)


def _sort(
    declared: Sequence[Declared],
    rows: Mapping[int, DueReading],
    standing: Mapping[int, Reading],
    now: datetime,
) -> tuple[list[Examined], dict[int, Question]]:
    """Part what can be recorded from what asks something."""
    aside = [
        reading.pk for reading in (*standing.values(), *withdrawing.starts_of(standing.values()))
    ]
    known = submission.facts([row.meter for row in rows.values()], setting_aside=aside)
    limits = validation.Limits(photo_below_estimate=Dealer.objects.here().photo_below_estimate)
    left = moving.left_on(row.installation for row in rows.values())
    accepted: list[Examined] = []
    questions: dict[int, Question] = {}
    for one in declared:
        mine = {meter: standing[meter] for meter in one.values if meter in standing}
        row = rows[next(iter(one.values))]
        examined = submission.examine(one, known, limits=limits, replaces=mine)
        examined = replace(examined, occasion=_occasion(row))
        fault = submission.date_fault(
            one,
            known,
            today=today(row, now=now),
            since=row.installation.since,
            until=left.get(row.installation_id),
            invoiced=not _is_signed(row),
        )
        question = Question(examined.unmet, _conflicts(one, mine), fault)
        if question == Question():
            accepted.append(examined)
        else:
            questions[one.device] = question
    return accepted, questions


def _occasion(row: DueReading) -> Reading.Occasion:
    """What a one-off request gets before a device leaves is its last reading."""
    leaves = row.kind == Kind.ONE_OFF and row.final
    return Reading.Occasion.REMOVAL if leaves else Reading.Occasion.PERIODIC


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


def today(row: DueReading, *, now: datetime) -> date:
    """The day it is where the device stands."""
    return now.astimezone(ZoneInfo(row.installation.site.zone)).date()


def likely_day(row: DueReading, *, now: datetime) -> date:
    """The day a value told now is of, unless somebody says otherwise: today, or the day the device left."""
    left = row.installation.until if row.final else None
    return min(today(row, now=now), left or date.max)


def _corrected(accepted: Sequence[Examined], rows: Mapping[int, DueReading]) -> Corrected | None:
    """What each value replaces, if all were declared before or are invoiced; None if one is new."""
    standing: dict[int, Reading | None] = {}
    for one in accepted:
        for meter in one.declared.values:
            row = rows[meter]
            if meter not in one.replaces and not _is_signed(row):
                return None
            standing[meter] = one.replaces.get(meter, row.reading)
    return standing


def _record(
    accepted: Sequence[Examined],
    rows: Mapping[int, DueReading],
    *,
    by: Contact | User | None,
    source: Reading.Source,
    now: datetime,
) -> dict[int, Reading]:
    """Record the accepted values; rows of a signed campaign keep what was signed."""
    after: list[Examined] = []
    in_time: list[Examined] = []
    for one in accepted:
        signed = _is_signed(rows[next(iter(one.declared.values))])
        (after if signed else in_time).append(one)
    fresh = submission.submit(in_time, by=by, source=source, now=now)
    for meter, reading in fresh.items():
        rows[meter].reading = reading
    pointing.save([rows[meter] for meter in fresh])
    _follow(fresh)
    return fresh | submission.submit(after, by=by, source=source, now=now, proposed=True)


def _follow(fresh: Mapping[int, Reading]) -> None:
    """Rows of other unsigned campaigns that stood at a reading go on to the one that replaces it."""
    after = {one.supersedes_id: one for one in fresh.values() if one.supersedes_id}
    if not after:
        return
    rows = DueReading.objects.filter(reading__in=after)
    behind = list(rows.exclude(campaign__state=Campaign.State.SIGNED).order_by("pk"))
    for row in behind:
        row.reading = after[row.reading_id or 0]
    if behind:
        pointing.save(behind)
