"""Devices come under a contract and leave it."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from releveur.contracts.models import Contract, Coverage
from releveur.fleet.models import Device


class CoveredAlready(Exception):
    """The device is under a contract on that day or later."""

    def __init__(self, coverage: Coverage) -> None:
        super().__init__(coverage)
        self.serial = coverage.device.serial
        self.contract = str(coverage.contract)


def end(device: Device, *, on: date) -> Contract | None:
    """End whatever contract a device is under from that day on.

    :returns: the contract it leaves, if it was under one
    """
    running = Coverage.objects.filter(Q(until=None) | Q(until__gt=on), device=device)
    left: Contract | None = None
    for coverage in running.select_related("contract").order_by("-since", "-pk"):
        left = coverage.contract
        coverage.until = max(on, coverage.since or on)
        coverage.save(update_fields=["until"])
    return left


def cover(device: Device, contract: Contract, *, since: date) -> Coverage:
    """Put a device under a contract from a day on.

    :raises CoveredAlready: it is under one on that day or later
    """
    running = Coverage.objects.filter(Q(until=None) | Q(until__gt=since), device=device)
    if found := running.select_related("contract", "device").first():
        raise CoveredAlready(found)
    return Coverage.objects.create(device=device, contract=contract, since=since)
