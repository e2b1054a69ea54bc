"""Values that came after the signature: proposals, until the meter's next due reading takes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet

from releveur.audit.models import Action
from releveur.audit.writing import SYSTEM, By, many, note
from releveur.campaigns import locks
from releveur.campaigns.models import Campaign, DueReading, ReceiptLine
from releveur.readings.models import Reading, Withdrawal

REASON = "corrected after the signature"


def proposals(due_readings: Iterable[int]) -> dict[int, Reading]:
    """The standing proposal of each row that has one, in one query."""
    rows = list(due_readings)
    lines = standing().filter(due_reading__in=rows) if rows else []
    return {line.due_reading_id: line.reading for line in lines}


def became_real(due_readings: Iterable[int]) -> dict[int, Reading]:
    """The real reading that a proposal of each row became, where one did and still counts."""
    rows = list(due_readings)
    accepted = ReceiptLine.objects.filter(
        due_reading__in=rows, reading__proposed=True,
        reading__superseded_by__proposed=False,
        reading__superseded_by__withdrawal=None, reading__superseded_by__superseded_by=None,
    ).select_related("reading__superseded_by__by_contact")  # fmt: skip
    found = accepted.order_by("pk") if rows else []
    return {line.due_reading_id: line.reading.superseded_by for line in found}


def told(due_readings: Collection[int]) -> dict[int, Reading]:
    """What people told of each row after its signature, whether it waits or counts already."""
    return became_real(due_readings) | proposals(due_readings)


def take_proposals(meters: Iterable[int], *, now: datetime) -> int:
    """Make the standing proposals of these meters real: a new row supersedes each.

    What was signed stays signed; the difference is settled with the next period. A real reading that
    the proposal corrects is withdrawn.

    :param meters: their primary keys, or a query for them where they are many
    :returns: how many proposals became real
    """
    # Whoever proposes another value holds the row: wait for it, then look.
    locks.hold_whole(lambda: proposed(meters))
    mine = standing().filter(reading__meter__in=meters)
    taken = list(mine.order_by("pk"))
    make_real(taken, starts=starts_proposed(meters), now=now)
    if taken:
        values = many([line.reading.meter_id, line.reading.value] for line in taken)
        note(None, Action.TAKE_LATE, by=SYSTEM, many=values, now=now)
    return len(taken)


def make_real(lines: Sequence[ReceiptLine], *, starts: Iterable[Reading], now: datetime) -> None:
    """Write a real reading over each proposal, and take back those that it corrects.

    :param lines: whose rows are held
    :param starts: the bounds of segments that were proposed with them
    """
    corrected = corrected_by(lines)
    Reading.objects.bulk_create(
        [_real(one, now) for one in (*starts, *(line.reading for line in lines))]
    )
    Withdrawal.objects.bulk_create(
        [Withdrawal(reading=one, reason=REASON, withdrawn_at=now) for one in corrected],
        ignore_conflicts=True,
    )


def starts_proposed(meters: Iterable[int]) -> QuerySet[Reading]:
    """The bounds of segments that were proposed with values of these meters, and wait like them."""
    return Reading.objects.filter(
        meter__in=meters, proposed=True, occasion=Reading.Occasion.NEW_METER,
        superseded_by=None, withdrawal=None,
    )  # fmt: skip


def corrected_by(lines: Sequence[ReceiptLine]) -> list[Reading]:
    """What counts no more once these proposals do: the values signed, and late ones accepted before."""
    signed = [one for line in lines if (one := line.due_reading.answer)]
    return [*signed, *became_real(line.due_reading_id for line in lines).values()]


def proposed(meters: Iterable[int] | None = None) -> dict[int, int]:
    """The rows of these meters, or of any, with a standing proposal, and their campaigns."""
    lines = standing()
    if meters is not None:
        lines = lines.filter(reading__meter__in=meters)
    return dict(lines.values_list("due_reading_id", "due_reading__campaign_id"))


def note_corrections(
    fresh: Mapping[int, Reading],
    rows: Mapping[int, DueReading],
    *,
    before: Mapping[int, Reading | None],
    by: By,
    now: datetime,
) -> None:
    """Write down, per device, what values that came after the close changed; all by meter."""
    devices: dict[int, list[int]] = defaultdict(list)
    for meter in fresh:
        if rows[meter].campaign.state != Campaign.State.OPEN:
            devices[rows[meter].meter.device_id].append(meter)
    for meters in devices.values():
        row = rows[meters[0]]
        stood = {rows[one].meter.kind.code: before[one] for one in meters}
        note(
            row.meter.device, Action.CORRECT, key=row.meter.device.serial, by=by,
            before={code: reading and reading.value for code, reading in stood.items()},
            after={rows[one].meter.kind.code: fresh[one].value for one in meters},
            why=f"campaign {row.campaign_id} {row.campaign.state}", now=now,
        )  # fmt: skip


def standing() -> QuerySet[ReceiptLine]:
    """The proposals that are neither real yet nor taken back, each in its line of a receipt."""
    return ReceiptLine.objects.filter(
        reading__proposed=True, reading__superseded_by=None, reading__withdrawal=None
    ).select_related("reading__by_contact", "due_reading__reading")


def _real(proposal: Reading, now: datetime) -> Reading:
    return Reading(
        meter_id=proposal.meter_id,
        segment=proposal.segment,
        taken_on=proposal.taken_on,
        recorded_at=now,
        value=proposal.value,
        source=proposal.source,
        occasion=proposal.occasion,
        supersedes=proposal,
        by_contact_id=proposal.by_contact_id,
        by_user_id=proposal.by_user_id,
        proof_id=proposal.proof_id,
    )
