"""What came back, and what was signed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from releveur.accounts.models import User
from releveur.campaigns.models.asking import Campaign, DueReading, Invitation
from releveur.customers.models import Contact
from releveur.outbox.models import Mail
from releveur.readings.models import Reading


class Receipt(models.Model):
    """What one person sent at once, in the words she can quote on the phone."""

    number = models.CharField(_("number"), max_length=20, unique=True)
    nonce = models.UUIDField(_("nonce"), unique=True)
    digest = models.CharField(_("digest of what was sent"), max_length=64)
    invitation = models.ForeignKey(Invitation, models.PROTECT, null=True, related_name="receipts")
    by_contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    by_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(_("made at"))
    mail = models.OneToOneField(Mail, models.PROTECT, null=True, related_name="receipt")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.number


class ReceiptLine(models.Model):
    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="lines")
    due_reading = models.ForeignKey(DueReading, models.PROTECT, related_name="receipt_lines")
    reading = models.ForeignKey(Reading, models.PROTECT, related_name="receipt_lines")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="a_receipt_names_a_due_reading_once", fields=["receipt", "due_reading"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id}: {self.reading_id}"


class Announcement(models.Model):
    """The mail before a person's first request: she knows what will come, and from whom."""

    contact = models.OneToOneField(Contact, models.PROTECT, related_name="announcement")
    mail = models.OneToOneField(Mail, models.PROTECT, related_name="announcement")
    made_at = models.DateTimeField(_("made at"))

    def __str__(self) -> str:
        return f"to {self.contact_id}"


class BasisLine(models.Model):
    """One line of the signed basis, as printed: written once, exported byte-identical for ever."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="basis_lines")
    due_reading = models.OneToOneField(DueReading, models.PROTECT, related_name="basis_line")
    position = models.PositiveIntegerField(_("position"))
    printed = models.JSONField(_("printed texts"))
    format_version = models.PositiveSmallIntegerField(_("format version"))

    class Meta:
        ordering = ["campaign_id", "position"]
        constraints = [
            models.UniqueConstraint(
                name="a_basis_has_one_line_per_position", fields=["campaign", "position"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.position}"
