"""Values that came after the signature: proposals, until the meter's next due reading takes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
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
    lines = _standing().filter(due_reading__in=rows) if rows else []
    return {line.due_reading_id: line.reading for line in lines}


def take_proposals(meters: Iterable[int], *, now: datetime) -> int:
    """Make the standing proposals of these meters real: a new row supersedes each.

    What was signed stays signed; the difference is settled with the next period. A real reading that
    the proposal corrects is withdrawn.

    :param meters: their primary keys, or a query for them where they are many
    :returns: how many proposals became real
    """
    # Whoever proposes another value holds the row: wait for it, then look.
    locks.hold_whole(lambda: proposed(meters))
    mine = _standing().filter(reading__meter__in=meters)
    taken = list(mine.order_by("pk"))
    starts = Reading.objects.filter(
        meter__in=meters, proposed=True, occasion=Reading.Occasion.NEW_METER,
        superseded_by=None, withdrawal=None,
    )  # fmt: skip
    Reading.objects.bulk_create(
        [_real(one, now) for one in (*starts, *(line.reading for line in taken))]
    )
    Withdrawal.objects.bulk_create(
        [
            Withdrawal(reading=corrected, reason=REASON, withdrawn_at=now)
            for line in taken
            if (corrected := line.due_reading.answer)
        ],
        ignore_conflicts=True,
    )
    if taken:
        values = many([line.reading.meter_id, line.reading.value] for line in taken)
        note(None, Action.TAKE_LATE, by=SYSTEM, many=values, now=now)
    return len(taken)


def proposed(meters: Iterable[int] | None = None) -> dict[int, int]:
    """The rows of these meters, or of any, with a standing proposal, and their campaigns."""
    lines = _standing()
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


def _standing() -> QuerySet[ReceiptLine]:
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
