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
from releveur.campaigns import acknowledging, late, locks, pointing, questioning, reminding
from releveur.campaigns.letter import Corrected
from releveur.campaigns.models import Campaign, DueReading, Invitation, Kind, Receipt
from releveur.campaigns.questioning import Question
from releveur.customers import acting
from releveur.customers.models import Contact
from releveur.kept import AnyGiven, Given, Kept, again
from releveur.readings import mending, recording, withdrawing
from releveur.readings.examining import Examined, Places
from releveur.readings.models import Billed, Reading
from releveur.readings.submission import Declared

AGAIN = "declared again"


type Look = Callable[[Collection[int]], Mapping[int, int]]
"""Which rows of these meters may be answered now, with their campaigns."""


class SentOtherwise(Exception):
    """The same form was sent before with other values: its receipt says what stands."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(receipt.number)
        self.receipt = receipt


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
    places: Places | None = None,
) -> Outcome:
    """Record what was declared for these rows; one call, one receipt, at most one mail.

    Good rows are recorded; a row that asks something is returned with its question and nothing of
    it is recorded. After the signature a value becomes a proposal for the next period. The same
    nonce records nothing: it gives the same receipt, and what asked asks again.

    :param look: which rows may be answered: `asked_of` a person, or any `among` rows
    :param places: of each device on the sheet or in the spreadsheet: what slips goes to the next
    :param noted_by: who it is for the audit, where `by` does not say it
    :raises SentOtherwise: the nonce was used with other values
    """
    digest = _digest(declared)
    rows = _lock(look, declared)
    before = _before(nonce, digest)
    standing = _standing(rows)
    accepted, questions = _sort(
        declared, rows, standing, invitation=invitation, places=places, now=now
    )
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
    due_readings: QuerySet[DueReading],
    declared: Sequence[Declared],
    *,
    now: datetime,
    invitation: Invitation | None = None,
    places: Places | None = None,
) -> Mapping[int, Question]:
    """What these values would ask, per device; nothing is held and nothing recorded."""
    meters = _meters(declared)
    mine = due_readings.filter(meter__in=meters).select_related(
        "meter__kind",
        "meter__device__model",
        "campaign",
        "installation__site",
        "reading",
        "coverage__contract",
    )
    rows = serving(mine)
    standing = _standing(rows)
    _accepted, asked = _sort(
        declared, rows, standing, invitation=invitation, places=places, now=now
    )
    return asked


def _digest(declared: Sequence[Declared]) -> str:
    body = [
        [
            one.device,
            one.taken_on.isoformat(),
            sorted(one.values.items()),
            one.reason,
            one.confirmed,
            sorted(one.mend),
            sorted(one.keep),
            sorted(one.ended.items()),
            sorted(one.began.items()),
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


def _meters(declared: Sequence[Declared]) -> set[int]:
    """What is declared, and what taken proposals name."""
    return {meter for one in declared for meter in one.values} | mending.meters_named(declared)


def _lock(may_answer: Look, declared: Sequence[Declared]) -> dict[int, DueReading]:
    """Lock campaigns, invitations and rows, in this order, and return the rows per meter."""
    meters = _meters(declared)
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
    news = [replace(one, values=_new_values(one, shown)) for one in declared]
    return [one for one in news if one.values]


def _new_values(one: Declared, shown: Mapping[int, Reading]) -> dict[int, int]:
    return {
        meter: value
        for meter, value in one.values.items()
        if meter not in one.kept and _differs(shown.get(meter), value, one)
    }


def _differs(shown: Reading | None, value: int, one: Declared) -> bool:
    return shown is None or (shown.value, shown.taken_on) != (value, one.taken_on)


def _sort(
    declared: Sequence[Declared],
    rows: Mapping[int, DueReading],
    standing: Mapping[int, Reading],
    *,
    invitation: Invitation | None,
    places: Places | None,
    now: datetime,
) -> tuple[list[Examined], dict[int, Question]]:
    """Part what is new and can be recorded from what asks something."""
    return questioning.sort(
        _news(declared, rows, standing),
        rows,
        standing,
        days={meter: today(row, now=now) for meter, row in rows.items()},
        invitation=invitation.pk if invitation else None,
        places=places,
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
    fresh = recording.submit(in_time, by=by, source=source, now=now)
    for meter, reading in fresh.items():
        rows[meter].reading = reading
    pointing.save([rows[meter] for meter in fresh])
    _follow(fresh)
    return fresh | recording.submit(after, by=by, source=source, now=now, proposed=True)


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
