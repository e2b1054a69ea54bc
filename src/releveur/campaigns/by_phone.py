"""A value told to the office: by phone, on paper, by a technician's word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import uuid4

from django.db.models import QuerySet

from releveur.accounts.models import User
from releveur.campaigns import answering
from releveur.campaigns.answering import Outcome
from releveur.campaigns.models import Campaign, DueReading
from releveur.fleet.models import Device, Meter
from releveur.readings.models import Proof, Reading
from releveur.readings.submission import Declared


class UnknownSerial(Exception):
    """No device has this serial."""


class UnknownMeter(Exception):
    """The device has no meter of this name."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known


class NothingDue(Exception):
    """No campaign asks for this device, or not for all these meters."""


def declare(
    serial: str,
    values: Mapping[str, int],
    *,
    taken_on: date,
    now: datetime,
    by: User | None = None,
    proof: Proof | None = None,
    confirmed: bool = False,
) -> Outcome:
    """Record what somebody told the office, with the same checks as the customer's own page.

    :param values: per meter, named by its label or its code: « Noir », « MONO »
    :raises UnknownSerial: no such device
    :raises UnknownMeter: the device has no such meter
    :raises NothingDue: none of its meters was ever due
    """
    device = Device.objects.filter(serial__iexact=serial.strip()).first()
    if device is None:
        raise UnknownSerial(serial)
    meters = {_meter(device, name).pk: value for name, value in values.items()}
    rows = due_rows(device, meters)
    declared = Declared(device.pk, taken_on, meters, confirmed=confirmed, proof=proof)
    return answering.answer(
        rows, [declared], by=by, source=Reading.Source.OFFICE, now=now, nonce=uuid4()
    )


def due_rows(device: Device, meters: Mapping[int, int]) -> QuerySet[DueReading]:
    """The rows a value of today stands for: of the earliest unsigned campaign, else of the last one."""
    rows = DueReading.objects.filter(meter__in=meters)
    running = rows.exclude(campaign__state=Campaign.State.SIGNED).order_by("due_on").first()
    chosen = running or rows.order_by("due_on").last()
    if chosen is None:
        raise NothingDue(device.serial)
    asked = rows.filter(campaign=chosen.campaign_id)
    if set(meters) - set(asked.values_list("meter_id", flat=True)):
        raise NothingDue(device.serial)
    return asked


def _meter(device: Device, name: str) -> Meter:
    wanted = name.strip().casefold()
    meters = {
        word.casefold(): meter
        for meter in device.meters.select_related("kind")
        for word in (meter.kind.code, meter.kind.label_fr, meter.kind.label_en)
    }
    if wanted not in meters:
        labels = sorted({meter.kind.label_fr for meter in meters.values()})
        raise UnknownMeter(name, labels)
    return meters[wanted]
