"""A value told to the office: by phone, on paper, by a technician's word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet

from releveur.accounts.models import User
from releveur.audit.models import Action
from releveur.audit.writing import By, note
from releveur.campaigns import answering
from releveur.campaigns.answering import Outcome
from releveur.campaigns.models import Campaign, DueReading, Kind
from releveur.customers import acting
from releveur.fleet import displays, naming
from releveur.fleet.models import Device
from releveur.readings import mending
from releveur.readings.models import Finding, Proof, Reading
from releveur.readings.submission import Declared


class NothingDue(Exception):
    """No campaign asks for this device, or not for all these meters."""


@transaction.atomic
def declare(
    serial: str,
    values: Mapping[str, int],
    *,
    taken_on: date,
    now: datetime,
    by: User | None = None,
    proof: Proof | None = None,
    confirmed: bool = False,
    reason: Finding.Answer | None = None,
    mend: bool = False,
    digits: int | None = None,
    noted_by: By | None = None,
) -> Outcome:
    """Record what somebody told the office, with the same checks as the customer's own page.

    :param values: per meter, named by its label or its code: « Noir », « MONO »
    :param reason: why a value is lower than the last one
    :param mend: take what the check proposes instead of a value; with `confirmed`, for the rest
    :param digits: what the displays of these meters have; kept
    :raises naming.UnknownSerial: no such device
    :raises naming.UnknownMeter: the device has no such meter
    :raises NothingDue: none of its meters was ever due
    :raises recording.DigitsUnknown: a meter rolled over whose digits are not known
    :raises recording.TooFewDigits: a meter rolled over that had shown more
    """
    device = naming.device(serial)
    meters = naming.meters(device, values)
    rows = due_rows(device, meters)
    if digits is not None:
        displays.count(meters, digits=digits)
    declared = Declared(
        device.pk, taken_on, meters, confirmed=confirmed, reason=reason, proof=proof,
        mend=frozenset([mending.FIRST] if mend else []),
    )  # fmt: skip
    who = noted_by or acting.by(by)
    outcome = answering.answer(
        answering.among(rows),
        [declared],
        by=by,
        source=Reading.Source.OFFICE,
        now=now,
        nonce=uuid4(),
        noted_by=who,
    )
    if outcome.receipt:
        told = {**values, "on": taken_on, "receipt": outcome.receipt.number}
        note(device, Action.DECLARE, key=serial, by=who, after=told, why=reason or "", now=now)
    return outcome


def due_rows(device: Device, meters: Mapping[int, int]) -> QuerySet[DueReading]:
    """The rows a value of today stands for: of the earliest unsigned campaign, else of the last one.

    A one-off request that runs is served as soon as the period is answered.
    """
    rows = DueReading.objects.filter(meter__in=meters)
    unsigned = rows.filter(kind=Kind.PERIODIC).exclude(campaign__state=Campaign.State.SIGNED)
    period = unsigned.order_by("due_on").first()
    chosen = period or rows.order_by("due_on").last()
    if period is None or not unsigned.filter(campaign=period.campaign_id).unanswered().exists():
        requests = rows.unanswered().filter(kind=Kind.ONE_OFF, campaign__state=Campaign.State.OPEN)
        chosen = requests.first() or chosen
    if chosen is None:
        raise NothingDue(device.serial)
    asked = rows.filter(campaign=chosen.campaign_id)
    if set(meters) - set(asked.values_list("meter_id", flat=True)):
        raise NothingDue(device.serial)
    return asked
