"""The undo of a receipt: what it recorded is taken back, and asked again, until the deadline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from releveur.audit.models import Action
from releveur.audit.writing import many, note
from releveur.campaigns import answering, locks, pointing
from releveur.campaigns.models import Campaign, DueReading, Receipt, ReceiptLine
from releveur.customers import acting
from releveur.customers.models import Contact
from releveur.readings import withdrawing
from releveur.readings.models import Withdrawal

REASON = "undone"


class TooLate(Exception):
    """The deadline has passed: a value is corrected now, not taken back."""


class NothingLeft(Exception):
    """Nothing of this receipt stands any more: taken back already, or declared again since."""


@transaction.atomic
def undo(receipt: Receipt, *, by: Contact, now: datetime) -> int:
    """Take back what a receipt recorded and what stands of it; its rows are empty again.

    A value declared again since stays: it belongs to another receipt. So does one that was invoiced
    meanwhile, with the period that a one-off request fell in.

    :returns: how many values were taken back
    :raises TooLate: after the deadline of the person who sent it
    :raises NothingLeft: nothing of it stands
    """
    rows = _hold(receipt)
    if not may_be_undone(receipt, now=now):
        raise TooLate
    lines = _still_asked(receipt).filter(reading__billed=None).select_related("reading")
    mine = [line for line in lines if rows[line.due_reading_id].reading_id == line.reading_id]
    if not mine:
        raise NothingLeft
    readings = [line.reading for line in mine]
    withdrawing.withdraw(
        [*readings, *withdrawing.starts_of(readings)], by=by, reason=REASON, now=now
    )
    taken = {reading.pk for reading in readings}
    emptied = [row for row in rows.values() if row.reading_id in taken]
    for row in emptied:
        row.reading = None
    pointing.save(emptied)
    taken_back = many([one.meter_id, one.value] for one in readings)
    note(receipt, Action.UNDO, key=receipt.number, by=acting.by(by), many=taken_back, now=now)
    return len(mine)


def may_be_undone(receipt: Receipt, *, now: datetime) -> bool:
    """Whether the time for it lasts: as long as its sender is asked for something of it."""
    invitation = receipt.invitation
    return (
        invitation is not None
        and now < invitation.asks_until
        and _still_asked(receipt).filter(due_reading__campaign__state=Campaign.State.OPEN).exists()
    )


def undone(receipt: Receipt) -> Withdrawal | None:
    """When and by whom this receipt was taken back; None while something of it counts."""
    taken_back = Withdrawal.objects.filter(reading__receipt_lines__receipt=receipt, reason=REASON)
    still = receipt.lines.filter(reading__withdrawal=None, reading__superseded_by=None)
    return None if still.exists() else taken_back.select_related("by_contact").first()


def _still_asked(receipt: Receipt) -> QuerySet[ReceiptLine]:
    """The lines whose rows are asked of their sender to this day; no colleague took them back."""
    return receipt.lines.filter(due_reading__asked__invitation=receipt.invitation_id)


def _hold(receipt: Receipt) -> Mapping[int, DueReading]:
    """The rows of its lines, and those of other campaigns that stand at the same readings."""
    rows = DueReading.objects.filter(receipt_lines__receipt=receipt)
    mine = dict(rows.values_list("pk", "campaign_id"))
    held = locks.hold_whole(lambda: answering.with_twins(mine))
    return {row.pk: row for row in held}
