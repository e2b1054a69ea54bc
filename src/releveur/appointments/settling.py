"""The office called: an appointment is settled, and the company may ask for another one day."""

from __future__ import annotations

from datetime import datetime

from releveur.appointments.asking import NotOpen
from releveur.appointments.models import Appointment


def settle(number: int, *, now: datetime) -> Appointment:
    """Settle an open appointment; nobody is written to.

    :raises NotOpen: there is no such appointment, or it is cancelled or settled already
    """
    if not Appointment.objects.open().filter(pk=number).update(settled_at=now):
        raise NotOpen
    return Appointment.objects.get(pk=number)
