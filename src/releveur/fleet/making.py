"""A device nobody knew before, made like the one it stands in for."""

from __future__ import annotations

from collections.abc import Iterable

from releveur.fleet import naming
from releveur.fleet.models import Device, DeviceModel, Meter, MeterKind


class ModelNeeded(Exception):
    """A new device has a model."""

    def __init__(self, serial: str) -> None:
        super().__init__(serial)
        self.serial = serial


class UnknownKind(Exception):
    """There is no kind of meter of this name."""

    def __init__(self, name: str, known: str) -> None:
        super().__init__(name)
        self.name = name
        self.known = known


def make(serial: str, *, model: str, like: Device) -> Device:
    """Make a device with the reading mode of another and no fleet number.

    :param model: maker and name: « Xerox VersaLink C7025 »; a known one, however its letters are written
    :raises ModelNeeded: there is no model
    """
    if not model.strip():
        raise ModelNeeded(serial)
    return Device.objects.create(serial=serial.strip(), model=_model(model), mode=like.mode)


def give_meters(device: Device, *, like: Device, named: Iterable[str]) -> None:
    """Give a device that has none the meters of another, and in any case those named.

    :param named: labels or codes of meter kinds
    :raises UnknownKind: there is no such kind
    """
    has = {meter.kind_id for meter in device.meters.all()}
    wanted = {} if has else {meter.kind_id: meter for meter in like.meters.all()}
    kinds = {*wanted, *(kind(name).pk for name in named)} - has
    Meter.objects.bulk_create(_meter(device, kind, wanted.get(kind)) for kind in sorted(kinds))


def _meter(device: Device, kind: int, like: Meter | None) -> Meter:
    """The display of another model may have other digits: they are not copied."""
    if like is None:
        return Meter(device=device, kind_id=kind)
    return Meter(
        device=device,
        kind_id=kind,
        monthly_volume=like.monthly_volume,
        asked=like.asked,
        billed=like.billed,
    )


def kind(name: str) -> MeterKind:
    """The kind of meter of that label or code.

    :raises UnknownKind: there is no such kind
    """
    wanted = name.strip().casefold()
    kinds = list(MeterKind.objects.all())
    for one in kinds:
        if wanted in {word.casefold() for word in (one.code, one.label_fr, one.label_en)}:
            return one
    raise UnknownKind(name, ", ".join(one.label_fr for one in kinds))


def _model(text: str) -> DeviceModel:
    try:
        return naming.model(text)
    except naming.UnknownModel as unknown:
        maker, _space, name = unknown.name.partition(" ")
        if not name:
            maker, name = "", unknown.name
        return DeviceModel.objects.create(maker=maker, name=name)
