"""Devices and meters by the names people give them: a serial number, « Noir », « MONO »."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import F, Value
from django.db.models.functions import Concat, Trim

from releveur.fleet.models import Device, DeviceModel, Meter


class UnknownSerial(Exception):
    """No device has this serial."""


class UnknownModel(Exception):
    """No device model has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class UnknownMeter(Exception):
    """The device has no meter of this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = ", ".join(known)


def device(serial: str) -> Device:
    """The device of that serial number, however its letters are written.

    :raises UnknownSerial: no such device
    """
    found = Device.objects.filter(serial__iexact=serial.strip()).select_related("model").first()
    if found is None:
        raise UnknownSerial(serial)
    return found


def model(name: str) -> DeviceModel:
    """The model of that maker and name, « Xerox VersaLink C7025 », however its letters are written.

    :raises UnknownModel: no such model
    """
    words = " ".join(name.split())
    whole = Trim(Concat(F("maker"), Value(" "), F("name")))
    known = DeviceModel.objects.annotate(whole=whole).filter(whole__iexact=words).order_by("pk")
    if (found := known.first()) is None:
        raise UnknownModel(words)
    return found


def meters(device: Device, values: Mapping[str, int]) -> dict[int, int]:
    """Values per meter of a device, their meters named by label or code.

    :raises UnknownMeter: the device has no such meter
    """
    known = {
        word.casefold(): meter
        for meter in device.meters.select_related("kind")
        for word in (meter.kind.code, meter.kind.label_fr, meter.kind.label_en)
    }
    return {_meter(name, known).pk: value for name, value in values.items()}


def _meter(name: str, known: Mapping[str, Meter]) -> Meter:
    meter = known.get(name.strip().casefold())
    if meter is None:
        raise UnknownMeter(name, sorted({one.kind.label_fr for one in known.values()}))
    return meter
