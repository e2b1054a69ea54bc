"""A device leaves: its stay and its contract end, and what it showed that day is its last reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from releveur.audit.models import Action
from releveur.audit.writing import note as note_act
from releveur.campaigns import closing, leaving, noting
from releveur.campaigns.noting import Said
from releveur.contracts import covering
from releveur.contracts.models import Contract
from releveur.fleet import moving, naming
from releveur.fleet.models import Device, Installation
from releveur.importing.fleet import wait_for_other_imports
from releveur.readings.models import Reading


class ReadLater(Exception):
    """Somebody read the device after that day: it was still there."""

    def __init__(self, read_on: date) -> None:
        super().__init__(read_on)
        self.day = f"{read_on:%d/%m/%Y}"


@dataclass(frozen=True, slots=True)
class Retired:
    """The stay and the contract that ended, and the last readings per meter."""

    stay: Installation
    contract: Contract | None
    readings: Mapping[int, Reading]


@transaction.atomic
def retire(
    device: Device, *, on: date, values: Mapping[str, int], said: Said, now: datetime
) -> Retired:
    """End a device's stay and coverage on a day; the next opening bills it once more, at its end.

    What an open campaign wanted later is wanted for that day. Without values the customer is still
    asked there, or it is estimated.

    :param values: the last ones, per meter named by its label or its code
    :raises moving.StandsNowhere: it was never installed
    :raises moving.LeftAlready: it left before
    :raises moving.CameLater: it came after that day
    :raises ReadLater: it was read after that day
    :raises naming.UnknownMeter: it has no such meter
    :raises noting.Questioned: a value asks for a photo or a word, or the day cannot be
    """
    wait_for_other_imports()
    meters = naming.meters(device, values)
    stay = moving.retire(device, on=on)
    contract = covering.end(device, on=on)
    leaving.hold_all(device)
    _refuse_read_later(device, on)
    leaving.bring_forward(stay)
    readings = noting.note(
        stay, meters, on=on, occasion=Reading.Occasion.REMOVAL, said=said, now=now
    )
    if readings:
        noting.fill_requests(stay, readings, now=now)
    closing.estimate_the_gone(device, now=now)
    last = {"code": stay.site.customer.code, "on": on, **values}
    note_act(device, Action.RETIRE, key=device.serial, by=said.noted_by, after=last, now=now)
    return Retired(stay, contract, readings)


def _refuse_read_later(device: Device, on: date) -> None:
    """Its last value would stand before one that somebody read: pages between would be lost or billed twice."""
    standing = Reading.objects.standing().real().filter(meter__device=device, taken_on__gt=on)
    if later := standing.order_by("-taken_on").first():
        raise ReadLater(later.taken_on)
