"""Where the devices of an appointment stand, for many appointments at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from releveur.appointments.models import Appointment
from releveur.fleet.models import Installation

type Stays = list[Installation]


def stays(appointments: Sequence[Appointment]) -> dict[int, Stays]:
    """Per appointment, the last stay of each device at its company, in the order of a walk: two queries."""
    companies = {one.pk: one.customer_id for one in appointments}
    wanted = Appointment.devices.through.objects.filter(appointment__in=companies)
    pairs = list(wanted.values_list("appointment_id", "device_id"))
    last = _last_stays({device for _appointment, device in pairs}, set(companies.values()))
    found: dict[int, Stays] = {pk: [] for pk in companies}
    for appointment, device in pairs:
        if stay := last.get((device, companies[appointment])):
            found[appointment].append(stay)
    for group in found.values():
        group.sort(key=_place)
    return found


def _last_stays(devices: set[int], customers: set[int]) -> dict[tuple[int, int], Installation]:
    rows = Installation.objects.filter(device__in=devices, site__customer__in=customers)
    rows = rows.select_related("device__model", "site").order_by("pk")
    oldest_first = sorted(rows, key=lambda stay: stay.since or date.min)
    return {(stay.device_id, stay.site.customer_id): stay for stay in oldest_first}


def _place(stay: Installation) -> tuple[str, str, str, str]:
    return stay.site.name, stay.site.address, stay.location, stay.device.serial
