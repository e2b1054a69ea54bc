"""What the office and its technicians see of the appointments that are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from releveur.appointments import telling
from releveur.appointments.models import Appointment
from releveur.appointments.standing import stays
from releveur.fleet.models import Installation

type Row = dict[str, object]


def waiting() -> list[Row]:
    """Every open appointment with all it takes to call, the nearest day first, those without one last."""
    rows = Appointment.objects.open().select_related("customer", "site")
    ones = sorted(rows, key=lambda one: (one.call_on is None, one.call_on, one.pk))
    where, refused = stays(ones), telling.refused(ones)
    return [_row(one, where[one.pk]) | {"mails_refused": refused[one.pk]} for one in ones]


def _row(one: Appointment, where: Sequence[Installation]) -> Row:
    return {
        "id": one.pk,
        "code": one.customer.code,
        "company": one.customer.name,
        "call_on": one.call_on,
        "site": one.site.name if one.site else "",
        "address": f"{one.address}, {one.postal_code} {one.town}",
        "contact": {"name": one.person, "email": one.email, "phone": one.phone},
        "network": {
            "name": one.network_name, "email": one.network_email, "phone": one.network_phone,
        },
        "words": one.words,
        "devices": [_device(stay) for stay in where],
        "asked_at": one.asked_at,
        "changed_at": one.changed_at,
    }  # fmt: skip


def _device(stay: Installation) -> dict[str, str]:
    return {
        "model": str(stay.device.model),
        "serial": stay.device.serial,
        "fleet_number": stay.device.fleet_number,
        "place": ", ".join(filter(None, (str(stay.site), stay.location))),
    }
