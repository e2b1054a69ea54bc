"""Who pays for a device, how often its meters are due, and whether a silence may be estimated."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from releveur.customers.models import Customer
from releveur.fleet.models import Device, StandingQuerySet, half_open_days


class Contract(models.Model):
    class Months(models.IntegerChoices):
        MONTHLY = 1, _("monthly")
        TWO_MONTHLY = 2, _("every two months")
        QUARTERLY = 3, _("quarterly")
        FOUR_MONTHLY = 4, _("every four months")
        HALF_YEARLY = 6, _("half-yearly")
        YEARLY = 12, _("yearly")

    number = models.CharField(_("number"), max_length=60, blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="contracts")
    payer_code = models.CharField(_("payer's code"), max_length=40, blank=True)
    payer_name = models.CharField(_("payer's name"), max_length=160, blank=True)
    months = models.PositiveSmallIntegerField(_("period in months"), choices=Months, default=3)
    first_due_on = models.DateField(_("first due date"), null=True, blank=True)
    estimation_allowed = models.BooleanField(_("estimation allowed"), default=True)
    customer_reference = models.CharField(_("customer's reference"), max_length=80, blank=True)
    service_code = models.CharField(_("service code"), max_length=80, blank=True)
    commitment_number = models.CharField(_("commitment number"), max_length=80, blank=True)
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)
    imported = models.JSONField(_("last imported values"), default=dict, blank=True)

    objects = StandingQuerySet["Contract"].as_manager()

    class Meta:
        ordering = ["customer_id", "number", "id"]
        constraints = [
            models.UniqueConstraint(
                name="a_contract_number_is_unique", fields=["number"], condition=~Q(number="")
            ),
            models.CheckConstraint(
                name="a_period_is_a_number_of_months_that_divides_the_year",
                condition=Q(months__in=[1, 2, 3, 4, 6, 12]),
            ),
            models.CheckConstraint(
                name="a_contract_ends_after_it_begins",
                condition=Q(since__isnull=True) | Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"{self.customer_id}/{self.months}"


class Coverage(models.Model):
    """A device under a contract, from a day on, before another."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="coverages")
    device = models.ForeignKey(Device, models.PROTECT, related_name="coverages")
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)

    objects = StandingQuerySet["Coverage"].as_manager()

    class Meta:
        ordering = ["device_id", "since"]
        constraints = [
            ExclusionConstraint(
                name="a_device_is_under_one_contract_at_a_time",
                expressions=[
                    ("device", RangeOperators.EQUAL),
                    (half_open_days(), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="a_coverage_ends_after_it_begins",
                condition=Q(since__isnull=True) | Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} under {self.contract_id}"
