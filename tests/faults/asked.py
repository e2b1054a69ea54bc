"""A device asked for by a campaign whose invitation left: where most faults begin."""

from __future__ import annotations

from datetime import datetime

from releveur.campaigns.models import Campaign, Invitation
from releveur.fleet.models import Device
from tests.factories import (
    DUE_ON,
    OPENED,
    a_campaign,
    a_contact,
    a_customer,
    a_dealer,
    a_device,
    the_mails_leave,
)


def asked(*, devices: int = 1) -> Invitation:
    """Alexandra's invitation, for so many devices with one meter each."""
    a_dealer()
    alexandra = a_contact(customer := a_customer())
    for number in range(devices):
        a_device(customer, serial=f"39{number:08}", mono=39_684)
    campaign = a_campaign()
    the_mails_leave(now=OPENED)
    return campaign.invitations.get(contact=alexandra)


def one_device_each(people: int, *, opened: datetime = OPENED) -> Campaign:
    """So many customers with a device and a contact each, asked by one campaign."""
    a_dealer()
    for number in range(people):
        customer = a_customer(code=f"CL{number:06}")
        a_contact(customer, email=f"contact{number}@client.example")
        a_device(customer, serial=f"39{number:08}", mono=39_684)
    return a_campaign(due_until=DUE_ON, now=opened)


def the_device(number: int = 0) -> Device:
    return Device.objects.get(serial=f"39{number:08}")
