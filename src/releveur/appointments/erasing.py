"""A person goes from the appointments: the company, the place and the day stay."""

from __future__ import annotations

from django.db.models import Q

from releveur.appointments.models import Appointment
from releveur.customers.models import Contact

HERS = ("first_name", "last_name", "email", "phone", "words")
NETWORK = ("network_name", "network_phone", "network_email")


def people(address: str) -> list[tuple[str, str, str]]:
    """Every (first name, last name, phone) given with an address."""
    hers = Appointment.objects.filter(email__iexact=address)
    found = list(hers.values_list("first_name", "last_name", "phone"))
    network = Appointment.objects.filter(network_email__iexact=address)
    for name, phone in network.values_list("network_name", "network_phone"):
        first, _space, last = name.partition(" ")
        found.append((first, last, phone))
    return found


def erase(address: str, *, contact: Contact | None) -> int:
    """Blank who is to be called; return in how many appointments."""
    about = Appointment.objects.filter(Q(email__iexact=address) | Q(by_contact=contact or 0))
    network = Appointment.objects.filter(network_email__iexact=address)
    touched = {*about.values_list("pk", flat=True), *network.values_list("pk", flat=True)}
    network.update(**dict.fromkeys(NETWORK, ""))
    about.update(**dict.fromkeys((*HERS, *NETWORK), ""))
    return len(touched)
