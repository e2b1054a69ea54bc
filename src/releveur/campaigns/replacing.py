"""One device takes another's place: two last and first readings, one contract, one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from releveur.audit.models import Action
from releveur.audit.writing import note as note_act
from releveur.campaigns import noting, retiring
from releveur.campaigns.noting import Said
from releveur.campaigns.retiring import Retired
from releveur.contracts import covering
from releveur.fleet import making, moving, naming
from releveur.fleet.models import Device, Installation
from releveur.readings.models import Reading


@dataclass(frozen=True, slots=True)
class Newcomer:
    """The device that comes: its serial, its model where it is not known yet, its first values."""

    serial: str
    values: Mapping[str, int]
    model: str = ""


@dataclass(frozen=True, slots=True)
class Replaced:
    """What the old device left, and where the new one stands with which first readings."""

    old: Retired
    stay: Installation
    made: bool
    readings: Mapping[int, Reading] = field(default_factory=dict)


@transaction.atomic
def replace(
    device: Device,
    newcomer: Newcomer,
    *,
    on: date,
    values: Mapping[str, int],
    said: Said,
    now: datetime,
) -> Replaced:
    """Retire a device and put another in its place, under the same contract, from a day on.

    A serial nobody knows becomes a device with the same meters and reading mode. The pages of both
    are billed: of the old one up to its last value, of the new one from its first.

    :param values: the last ones of the old device
    :raises making.ModelNeeded: the new serial is unknown and no model is given
    :raises making.UnknownKind: the new device is said to have a meter there is no kind of
    :raises moving.StandsElsewhere: the new device stands somewhere already
    :raises covering.CoveredAlready: the new device is under a contract already

    and what `retiring.retire` raises.
    """
    old = retiring.retire(device, on=on, values=values, said=said, now=now)
    new, made = _known_or_made(newcomer, like=device)
    making.give_meters(new, like=device, named=newcomer.values)
    stay = moving.stand_in(new, replaces=old.stay, since=on)
    if old.contract is not None:
        covering.cover(new, old.contract, since=on)
    readings = noting.note(
        stay,
        naming.meters(new, newcomer.values),
        on=on,
        occasion=Reading.Occasion.INSTALLATION,
        said=said,
        now=now,
    )
    first = {"on": on, **newcomer.values}
    note_act(
        new, Action.REPLACE, key=new.serial, by=said.noted_by, before={"serial": device.serial},
        after=first, now=now,
    )  # fmt: skip
    return Replaced(old, stay, made, readings)


def _known_or_made(newcomer: Newcomer, *, like: Device) -> tuple[Device, bool]:
    try:
        return naming.device(newcomer.serial), False
    except naming.UnknownSerial:
        return making.make(newcomer.serial, model=newcomer.model, like=like), True
