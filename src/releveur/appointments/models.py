"""An appointment: a company asks to be called, so that its devices report their counters themselves."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from releveur.customers.models import Contact, Customer, Site
from releveur.fleet.models import Device

OPEN = Q(cancelled_at__isnull=True, settled_at__isnull=True)


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def open(self: Self) -> Self:
        """Asked for, neither cancelled nor settled."""
        return self.filter(OPEN)


class Appointment(models.Model):
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="appointments")
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="appointments")
    """None: all sites of the company."""

    by_contact = models.ForeignKey(Contact, models.PROTECT, related_name="appointments")
    address = models.CharField(_("address"), max_length=240)
    postal_code = models.CharField(_("postal code"), max_length=10)
    town = models.CharField(_("town"), max_length=80)
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    network_name = models.CharField(_("who looks after the network"), max_length=120, blank=True)
    network_phone = models.CharField(_("phone"), max_length=30, blank=True)
    network_email = models.EmailField(_("e-mail"), blank=True)
    call_on = models.DateField(_("day to call"), null=True)
    words = models.TextField(_("words"), blank=True)
    devices = models.ManyToManyField(Device, related_name="appointments")
    uuid = models.UUIDField(_("uuid"), default=uuid.uuid4, unique=True)
    """With `sequence`, what calendar programs know it by."""

    sequence = models.PositiveIntegerField(_("number of the change"), default=0)
    asked_at = models.DateTimeField(_("asked at"))
    changed_at = models.DateTimeField(_("changed at"))
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="a_company_asks_for_one_appointment_at_a_time",
                fields=["customer"],
                condition=OPEN,
            ),
            models.CheckConstraint(
                name="an_appointment_is_cancelled_or_settled_not_both",
                condition=Q(cancelled_at__isnull=True) | Q(settled_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} on {self.call_on}"

    @property
    def person(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def is_open(self) -> bool:
        return self.cancelled_at is None and self.settled_at is None
