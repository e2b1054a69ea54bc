"""What stands where, the registers it has, and who answers for it."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from releveur.customers.models import Contact, Customer, Site


def half_open_days() -> Func:
    """The days from `since` on, before `until`; an empty end is open."""
    return Func(
        F("since"), F("until"), Value("[)"), function="daterange", output_field=DateRangeField()
    )


class StandingQuerySet[M: models.Model](models.QuerySet[M]):
    """Rows that hold from `since` on, before `until`."""

    def standing(self: Self, on: date) -> Self:
        """Rows that hold on that day."""
        return self.filter(
            Q(since__isnull=True) | Q(since__lte=on), Q(until__isnull=True) | Q(until__gt=on)
        )


class MeterKind(models.Model):
    code = models.CharField(_("code"), max_length=40, unique=True)
    label_fr = models.CharField(_("French label"), max_length=60)
    label_en = models.CharField(_("English label"), max_length=60)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.code

    @property
    def label(self) -> str:
        """The label in the reader's language."""
        return self.label_en if (get_language() or "fr").startswith("en") else self.label_fr


class DeviceModel(models.Model):
    class Colour(models.TextChoices):
        YES = "YES", _("colour")
        NO = "NO", _("black only")
        UNKNOWN = "UNKNOWN", _("unknown")

    maker = models.CharField(_("maker"), max_length=80, blank=True)
    name = models.CharField(_("model"), max_length=120)
    pages_a_minute = models.PositiveSmallIntegerField(_("pages a minute"), null=True, blank=True)
    colour = models.CharField(_("colour"), max_length=8, choices=Colour, default=Colour.UNKNOWN)
    labels = models.JSONField(_("labels on its screen"), default=dict, blank=True)
    shown_where = models.TextField(_("where its counters are shown"), blank=True)
    large_counts_twice = models.BooleanField(_("large pages counted twice"), default=False)

    class Meta:
        ordering = ["maker", "name"]
        constraints = [
            models.UniqueConstraint(name="a_model_is_a_maker_and_a_name", fields=["maker", "name"]),
        ]

    def __str__(self) -> str:
        return f"{self.maker} {self.name}".strip()


class Device(models.Model):
    class Mode(models.TextChoices):
        ASKED = "ASKED", _("asked by mail")
        PHONE = "PHONE", _("by phone")
        TECHNICIAN = "TECHNICIAN", _("by the technician")
        AUTOMATIC = "AUTOMATIC", _("automatic")
        NONE = "NONE", _("never read")

    serial = models.CharField(_("serial number"), max_length=60, unique=True)
    fleet_number = models.CharField(_("fleet number"), max_length=60, blank=True)
    model = models.ForeignKey(DeviceModel, models.PROTECT, related_name="devices")
    mode = models.CharField(_("reading mode"), max_length=10, choices=Mode, default=Mode.ASKED)
    imported = models.JSONField(_("last imported values"), default=dict, blank=True)

    class Meta:
        ordering = ["serial"]

    def __str__(self) -> str:
        return f"{self.model} {self.serial}"


class Installation(models.Model):
    """Where a device stood, from a day on, before another."""

    class Kind(models.TextChoices):
        DEFINITIVE = "DEFINITIVE", _("definitive")
        LOAN = "LOAN", _("loan")

    device = models.ForeignKey(Device, models.PROTECT, related_name="installations")
    site = models.ForeignKey(Site, models.PROTECT, related_name="installations")
    location = models.CharField(_("location"), max_length=160, blank=True)
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.DEFINITIVE)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    imported = models.JSONField(_("last imported values"), default=dict, blank=True)

    objects = StandingQuerySet["Installation"].as_manager()

    class Meta:
        ordering = ["device_id", "since"]
        constraints = [
            ExclusionConstraint(
                name="a_device_stands_in_one_place_at_a_time",
                expressions=[
                    ("device", RangeOperators.EQUAL),
                    (half_open_days(), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="an_installation_ends_after_it_begins",
                condition=Q(since__isnull=True) | Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} at {self.site_id} since {self.since}"


class Meter(models.Model):
    """One register of a device."""

    device = models.ForeignKey(Device, models.PROTECT, related_name="meters")
    kind = models.ForeignKey(MeterKind, models.PROTECT, related_name="meters")
    digits = models.PositiveSmallIntegerField(_("digits of its display"), null=True, blank=True)
    monthly_volume = models.PositiveIntegerField(
        _("expected monthly volume"), null=True, blank=True
    )
    asked = models.BooleanField(_("shown to the customer"), default=True)
    billed = models.BooleanField(_("goes to the basis"), default=True)
    imported = models.JSONField(_("last imported values"), default=dict, blank=True)

    class Meta:
        ordering = ["device_id", "kind__position", "kind__code"]
        constraints = [
            models.UniqueConstraint(
                name="a_device_has_one_meter_of_a_kind", fields=["device", "kind"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} {self.kind_id}"


class Respondent(models.Model):
    """Who answers for a customer, a site or a device; the nearest level wins."""

    contact = models.ForeignKey(Contact, models.PROTECT, related_name="answers_for")
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="respondents"
    )
    site = models.ForeignKey(
        Site, models.PROTECT, null=True, blank=True, related_name="respondents"
    )
    device = models.ForeignKey(
        Device, models.PROTECT, null=True, blank=True, related_name="respondents"
    )
    passed_to = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="took_over"
    )
    """Who answers in her place: this row counts no more, whatever the ERP still says."""

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="one_answers_for_a_customer_a_site_or_a_device",
                condition=Q(customer__isnull=False, site__isnull=True, device__isnull=True)
                | Q(customer__isnull=True, site__isnull=False, device__isnull=True)
                | Q(customer__isnull=True, site__isnull=True, device__isnull=False),
            ),
            *(
                models.UniqueConstraint(
                    name=f"one_answers_once_for_a_{level}",
                    fields=["contact", level],
                    condition=Q(**{f"{level}__isnull": False}),
                )
                for level in ("customer", "site", "device")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}"
