"""Every value a meter ever showed, and who says so. Nothing here is ever changed or deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from releveur.accounts.models import User
from releveur.customers.models import Contact
from releveur.fleet.models import Meter
from releveur.rules import metering
from releveur.rules.validation import Demand

type Line = tuple[int, date, int, str, int]
"""A value on its way out of the database: meter, day, value, quality, segment."""


class Quality(models.TextChoices):
    ACTUAL = "ACTUAL", _("actual")
    ESTIMATED = "ESTIMATED", _("estimated")
    AGREED = "AGREED", _("agreed")


class Proof(models.Model):
    """A photo, stored re-encoded, upright and without its EXIF."""

    file = models.FileField(_("file"), upload_to="proofs/%Y/%m/")
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    def __str__(self) -> str:
        return self.sha256[:12]


class PhotoErased(models.Model):
    """The file of a proof is gone, its time was over; the proof and its SHA-256 stay."""

    proof = models.OneToOneField(Proof, models.PROTECT, related_name="erased")
    erased_at = models.DateTimeField(_("erased at"))

    def __str__(self) -> str:
        return f"photo of {self.proof_id}"


class ReadingQuerySet(models.QuerySet["Reading"]):
    def standing(self: Self) -> Self:
        """Readings that still count: not withdrawn, not superseded, not a mere proposal."""
        withdrawn = Withdrawal.objects.filter(reading=OuterRef("pk"))
        superseded = Reading.objects.filter(supersedes=OuterRef("pk"))
        return self.filter(~Exists(withdrawn), ~Exists(superseded), proposed=False)

    def real(self: Self) -> Self:
        """Readings that somebody or something read, or that both sides agreed on."""
        return self.exclude(quality=Quality.ESTIMATED)

    def histories(self: Self) -> dict[int, list[metering.Reading]]:
        """Leave the database: plain values per meter, oldest first, in one query."""
        return by_meter(self.lines())

    def lines(self: Self) -> QuerySet[Reading, Line]:
        """Plain values, meter by meter."""
        return self.order_by("meter_id", "id").values_list(
            "meter_id", "taken_on", "value", "quality", "segment"
        )


class Reading(models.Model):
    class Source(models.TextChoices):
        CUSTOMER = "CUSTOMER", _("customer's reading")
        OFFICE = "OFFICE", _("office")
        TECHNICIAN = "TECHNICIAN", _("technician")
        AGENT = "AGENT", _("automatic")
        MAIL = "MAIL", _("mail")
        API = "API", _("interface")
        IMPORT = "IMPORT", _("import")
        SYSTEM = "SYSTEM", _("system")

    class Occasion(models.TextChoices):
        PERIODIC = "PERIODIC", _("periodic")
        INSTALLATION = "INSTALLATION", _("installation")
        REMOVAL = "REMOVAL", _("removal")
        SERVICE = "SERVICE", _("service")
        LOAN = "LOAN", _("loan")
        NEW_METER = "NEW_METER", _("new meter")

    meter = models.ForeignKey(Meter, models.PROTECT, related_name="readings", db_index=False)
    """Looked up by `history_of_a_meter`."""

    segment = models.PositiveSmallIntegerField(_("segment"), default=1)
    taken_on = models.DateField(_("taken on"))
    recorded_at = models.DateTimeField(_("recorded at"))
    value = models.PositiveBigIntegerField(_("value"))
    quality = models.CharField(_("quality"), max_length=10, choices=Quality, default=Quality.ACTUAL)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    occasion = models.CharField(
        _("occasion"), max_length=12, choices=Occasion, default=Occasion.PERIODIC
    )
    proposed = models.BooleanField(_("came after the signature"), default=False)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="superseded_by"
    )
    by_contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="readings")
    by_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="readings")
    proof = models.ForeignKey(Proof, models.PROTECT, null=True, related_name="readings")
    explanation = models.JSONField(_("explanation"), null=True)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        ordering = ["meter_id", "segment", "taken_on", "id"]
        constraints = [
            models.CheckConstraint(
                name="the_system_estimates_and_only_the_system_does",
                condition=Q(source="SYSTEM", quality="ESTIMATED")
                | (~Q(source="SYSTEM") & ~Q(quality="ESTIMATED")),
            ),
            models.CheckConstraint(
                name="an_estimate_explains_itself",
                condition=~Q(quality="ESTIMATED") | Q(explanation__isnull=False),
            ),
            models.CheckConstraint(
                name="a_reading_is_by_one_person_at_most",
                condition=Q(by_contact__isnull=True) | Q(by_user__isnull=True),
            ),
            models.UniqueConstraint(
                name="a_day_is_imported_once",
                fields=["meter", "segment", "taken_on", "occasion"],
                condition=Q(source="IMPORT"),
            ),
        ]
        indexes = [
            models.Index(name="history_of_a_meter", fields=["meter", "segment", "taken_on"]),
            # The one that comes with the field has a line for each reading; these are few.
            models.Index(
                name="readings_that_supersede",
                fields=["supersedes"],
                condition=Q(supersedes__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.taken_on} {self.value} {self.quality}"


class Withdrawal(models.Model):
    """The undo of a person, and the office's rejection."""

    reading = models.OneToOneField(Reading, models.PROTECT, related_name="withdrawal")
    by_contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    by_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=240, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"))

    def __str__(self) -> str:
        return f"withdrawal of {self.reading_id}"


class Finding(models.Model):
    """What the check said of a reading, and what the person answered."""

    class Answer(models.TextChoices):
        NOTHING = "NOTHING", _("nothing was asked")
        CONFIRMED = "CONFIRMED", _("confirmed")
        MENDED = "MENDED", _("mended")
        KEPT = "KEPT", _("kept as typed")
        METER_REPLACED = "METER_REPLACED", _("meter replaced")
        ROLLED_OVER = "ROLLED_OVER", _("meter back at zero after its last digit")
        LAST_WAS_WRONG = "LAST_WAS_WRONG", _("the last reading was wrong")
        OTHER = "OTHER", _("other reason")

    reading = models.ForeignKey(Reading, models.PROTECT, related_name="findings")
    code = models.CharField(_("code"), max_length=40)
    demand = models.CharField(_("demand"), max_length=10, choices=[(what, what) for what in Demand])
    answer = models.CharField(_("answer"), max_length=20, choices=Answer, default=Answer.NOTHING)
    numbers = models.JSONField(_("numbers"), default=dict)

    def __str__(self) -> str:
        return f"{self.code} on {self.reading_id}"


class BilledQuerySet(models.QuerySet["Billed"]):
    def histories(self: Self) -> dict[int, list[metering.Reading]]:
        """The indexes invoiced per meter, oldest first, then as written, in one query."""
        return by_meter(self.lines(), in_order=True)

    def lines(self: Self) -> QuerySet[Billed, Line]:
        """Plain values, meter by meter."""
        return self.order_by("meter_id", "taken_on", "id").values_list(
            "meter_id", "taken_on", "value", "quality", "segment"
        )

    def last_of(self: Self, meters: Iterable[int]) -> dict[int, Billed]:
        """The last billed index of each meter: latest day, then latest written."""
        return {row.meter_id: row for row in self.filter(meter__in=meters).latest_ones()}

    def latest_ones(self: Self) -> Self:
        """Of each meter the last billed index: latest day, then latest written."""
        return self.order_by("meter_id", "-taken_on", "-id").distinct("meter_id")


class Billed(models.Model):
    """The index really invoiced: what the portal shows as « valeur au dernier relevé »."""

    class Origin(models.TextChoices):
        ERP = "ERP", _("ERP")
        RELEVEUR = "RELEVEUR", _("Releveur")

    meter = models.ForeignKey(Meter, models.PROTECT, related_name="billed_indexes")
    segment = models.PositiveSmallIntegerField(_("segment"), default=1)
    taken_on = models.DateField(_("taken on"))
    value = models.PositiveBigIntegerField(_("value"))
    quality = models.CharField(_("quality"), max_length=10, choices=Quality)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin)
    reading = models.ForeignKey(Reading, models.PROTECT, null=True, related_name="billed")

    objects = BilledQuerySet.as_manager()

    class Meta:
        ordering = ["meter_id", "taken_on", "id"]
        constraints = [
            models.UniqueConstraint(
                name="the_erp_bills_one_index_a_day",
                fields=["meter", "segment", "taken_on"],
                condition=Q(origin="ERP"),
            ),
        ]
        indexes = [
            models.Index(name="last_billed_of_a_meter", fields=["meter", "-taken_on", "-id"])
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.taken_on} {self.value}"


def by_meter(rows: Iterable[Line], *, in_order: bool = False) -> dict[int, list[metering.Reading]]:
    """The history of each meter, of its lines."""
    histories = {
        meter: [
            metering.Reading(taken_on, value, metering.Quality(quality), segment)
            for _meter, taken_on, value, quality, segment in group
        ]
        for meter, group in groupby(rows, key=itemgetter(0))
    }
    if in_order:
        return histories
    return {meter: metering.ordered(readings) for meter, readings in histories.items()}
