"""The audit: entries written once, and the seals that chain them.

A person's name is the one thing that may have to go: it stands apart, beside a salt, and an entry keeps
only the digest of both. Name and salt gone, the digest says nothing and the chain still holds.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from releveur.clock.machine import MachineNow


class Action(models.TextChoices):
    OPEN = "OPEN", _("opened a campaign")
    ASK = "ASK", _("asked for one device")
    CLOSE = "CLOSE", _("closed by hand")
    PAUSE = "PAUSE", _("paused a campaign")
    RESUME = "RESUME", _("went on with a campaign")
    SIGN = "SIGN", _("signed")
    DECLARE = "DECLARE", _("recorded values told to the office")
    CORRECT = "CORRECT", _("corrected after the close")
    UNDO = "UNDO", _("took values back")
    TAKE_LATE = "TAKE_LATE", _("late values made real")
    ACCEPT_LATE = "ACCEPT_LATE", _("accepted a late value")
    REJECT_LATE = "REJECT_LATE", _("rejected a late value")
    RETIRE = "RETIRE", _("retired a device")
    REPLACE = "REPLACE", _("replaced a device")
    RESEND = "RESEND", _("sent links again")
    REVOKE = "REVOKE", _("revoked links")
    NAME_SUCCESSOR = "NAME_SUCCESSOR", _("named a successor, who is asked at once")
    ACCEPT_SUCCESSOR = "ACCEPT_SUCCESSOR", _("accepted a successor")
    REFUSE_SUCCESSOR = "REFUSE_SUCCESSOR", _("refused a successor")
    HAND_OVER = "HAND_OVER", _("handed over to a colleague")
    TAKE_BACK = "TAKE_BACK", _("took back from a colleague")
    STOP_MAILS = "STOP_MAILS", _("wants no more mails")
    RESUME_MAILS = "RESUME_MAILS", _("may be written to again")
    IMPORT_FLEET = "IMPORT_FLEET", _("imported a fleet file")
    IMPORT_READINGS = "IMPORT_READINGS", _("imported a readings file")
    CHANGE_DEALER = "CHANGE_DEALER", _("changed the dealer’s settings")
    ADD_CLOSURE = "ADD_CLOSURE", _("added closed days")
    REMOVE_CLOSURE = "REMOVE_CLOSURE", _("removed closed days")
    EXPORT_BASIS = "EXPORT_BASIS", _("exported the basis")
    EXPORT_ACCRUALS = "EXPORT_ACCRUALS", _("exported what is yet to be invoiced")
    EXPORT_CHANGES = "EXPORT_CHANGES", _("exported what was changed here")
    PRINT_LETTERS = "PRINT_LETTERS", _("printed letters")
    EXPORT_PERSON = "EXPORT_PERSON", _("exported a person’s data")
    ERASE_PERSON = "ERASE_PERSON", _("erased a person’s data")
    FORGET_PHOTOS = "FORGET_PHOTOS", _("erased photos whose time was over")
    FORGET_MAILS = "FORGET_MAILS", _("erased the words of mails whose time was over")
    LOG_IN = "LOG_IN", _("came in with a code")
    FAIL_LOG_IN = "FAIL_LOG_IN", _("used up a code without getting in")


class Actor(models.TextChoices):
    OFFICE = "OFFICE", _("office")
    CUSTOMER = "CUSTOMER", _("customer")
    SYSTEM = "SYSTEM", _("system")
    NOBODY = "NOBODY", _("nobody known")


class Entry(models.Model):
    """One act: complete when it is inserted, then neither updated nor deleted by anybody."""

    at = models.DateTimeField(_("at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=MachineNow())
    """When it was really written, whatever a test clock says."""

    actor = models.CharField(_("who"), max_length=10, choices=Actor)
    actor_id = models.BigIntegerField(_("contact or user"), null=True)
    name_digest = models.CharField(_("digest of the name"), max_length=64, blank=True)
    action = models.CharField(_("what"), max_length=20)
    """One of `Action`; a new one needs no migration."""

    subject = models.CharField(_("kind of thing"), max_length=20)
    subject_id = models.BigIntegerField(_("its row"), null=True)
    subject_key = models.CharField(_("its serial number or code"), max_length=160, blank=True)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    why = models.CharField(_("why"), max_length=240, blank=True)
    rows = models.PositiveIntegerField(_("rows"), null=True)
    digest = models.CharField(_("digest of the rows"), max_length=64, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="many_rows_stand_by_their_digest",
                condition=Q(digest="") | Q(rows__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="entries_about_a_thing", fields=["subject_key", "id"]),
            models.Index(name="entries_of_a_person", fields=["actor", "actor_id"]),
            models.Index(name="entries_by_day", fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.action} {self.subject_key}"


class ActorName(models.Model):
    """How whoever acted was called then; blank once she asked to be erased."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="name")
    name = models.CharField(_("name"), max_length=161, blank=True)
    salt = models.CharField(_("salt"), max_length=32, blank=True)
    erased_at = models.DateTimeField(_("erased at"), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_name_goes_with_its_salt",
                condition=Q(erased_at__isnull=True) | Q(name="", salt=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Unsealed(models.Model):
    """An entry that no seal covers yet; committed with it, gone with its seal.

    An id is given before its transaction commits: sealing « all up to the last id » would pass over
    what commits late with a lower one. Here nothing is passed over, and finding nothing costs nothing.
    """

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="unsealed")

    def __str__(self) -> str:
        return f"{self.entry_id}"


class Seal(models.Model):
    """The digests of some entries, chained to the seal before. Written once."""

    previous = models.CharField(_("hash of the seal before"), max_length=64, unique=True)
    digests = models.JSONField(_("entries and their digests"))
    """`[[id, SHA-256], …]` by id: what is changed later is found, and named."""

    hash = models.CharField(_("hash"), max_length=64, unique=True)
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.pk} {self.hash[:12]}"
