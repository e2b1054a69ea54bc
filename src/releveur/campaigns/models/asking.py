"""What is due, who is asked for it, and by which mails."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from releveur.contracts.models import Coverage
from releveur.customers.models import Contact, Site
from releveur.fleet.models import Device, Installation, Meter
from releveur.kept import Given
from releveur.outbox.models import Mail
from releveur.readings.models import Reading


class Kind(models.TextChoices):
    PERIODIC = "PERIODIC", _("periodic")
    ONE_OFF = "ONE_OFF", _("one-off")


class Campaign(models.Model):
    class State(models.TextChoices):
        OPEN = "OPEN", _("open")
        CLOSING = "CLOSING", _("closing")
        CLOSED = "CLOSED", _("closed")
        SIGNED = "SIGNED", _("signed")

    class Why(models.TextChoices):
        REMOVAL = "REMOVAL", _("it is taken away")
        MOVE = "MOVE", _("it moves")
        END = "END", _("its contract ends")

    label = models.CharField(_("label"), max_length=120, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PERIODIC)
    why = models.CharField(max_length=10, choices=Why, blank=True, default="", db_default="")
    due_until = models.DateField(_("due until"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(_("opened at"))
    closes_at = models.DateTimeField(_("closes at"))
    paused_at = models.DateTimeField(_("paused at"), null=True)
    signed_at = models.DateTimeField(_("signed at"), null=True)
    signed_by = models.CharField(_("signed by"), max_length=120, blank=True)

    class Meta:
        ordering = ["due_until", "id"]
        constraints = [
            models.UniqueConstraint(
                name="a_due_date_is_asked_by_one_campaign_at_a_time",
                fields=["due_until"],
                condition=Q(kind="PERIODIC") & ~Q(state="SIGNED"),
            ),
            models.CheckConstraint(
                name="a_one_off_request_says_why_and_no_other",
                condition=Q(kind="PERIODIC", why="") | (Q(kind="ONE_OFF") & ~Q(why="")),
            ),
            models.CheckConstraint(
                name="only_an_open_campaign_is_paused",
                condition=Q(paused_at__isnull=True) | Q(state="OPEN"),
            ),
            models.CheckConstraint(
                name="a_signed_campaign_says_when_and_by_whom",
                condition=(Q(state="SIGNED", signed_at__isnull=False) & ~Q(signed_by=""))
                | (~Q(state="SIGNED") & Q(signed_at__isnull=True, signed_by="")),
            ),
        ]

    def __str__(self) -> str:
        return self.label or f"{self.due_until}"

    @property
    def is_asking(self) -> bool:
        """Open, and not paused: requests leave, and the close may come."""
        return self.state == self.State.OPEN and self.paused_at is None


class Invitation(models.Model):
    """One person asked by one campaign, with her own plan and her own link."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="invitations")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="invitations")
    uuid = models.UUIDField(_("uuid"), default=uuid.uuid4, unique=True)
    link_version = models.PositiveIntegerField(_("version of the link"), default=1)
    key_hash = models.CharField(_("hash of the key"), max_length=64, unique=True)
    invited_at = models.DateTimeField(_("invited at"))
    reminder_1_at = models.DateTimeField(_("first reminder"))
    reminder_2_at = models.DateTimeField(_("second reminder"))
    reminder_3_at = models.DateTimeField(_("third reminder"))
    asks_until = models.DateTimeField(_("asks until"))
    continues = models.ForeignKey("self", models.PROTECT, null=True, related_name="continued_by")
    """The invitation whose plan this one goes on with: a successor's or a colleague's."""

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="a_person_is_invited_once_by_a_campaign", fields=["campaign", "contact"]
            ),
            models.CheckConstraint(
                name="the_plan_of_an_invitation_goes_forward",
                condition=Q(
                    reminder_1_at__lt=F("reminder_2_at"),
                    reminder_2_at__lt=F("reminder_3_at"),
                    reminder_3_at__lt=F("asks_until"),
                )
                & (Q(invited_at__lt=F("reminder_1_at")) | Q(continues__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.campaign_id}"


def still_held(row: str = "") -> Q:
    """Of due readings reached by the path `row`: the device still stood there on the day due."""
    return Q(**{f"{row}installation__until__isnull": True}) | Q(
        **{f"{row}installation__until__gte": F(f"{row}due_on")}
    )


def problem_told(row: str = "") -> Exists:
    """Of due readings reached by the path `row`: somebody asked for them told why no value comes.

    A device that moved is due at two places: what is told at the one says nothing of the other.
    """
    return Exists(
        Problem.objects.filter(
            device=OuterRef(f"{row}meter__device"),
            invitation__asked__due_reading=OuterRef(f"{row}pk"),
            taken_back_at=None,
        )
    )


class DueReadingQuerySet(models.QuerySet["DueReading"]):
    def asked_of(self: Self, invitation: Invitation | Given) -> Self:
        """What this invitation asks, as long as its installation held the device on the day due.

        Every portal query starts here: what is not in it does not exist for this person.
        """
        return self.held().filter(asked__invitation=invitation)

    def held(self: Self) -> Self:
        """Rows whose device still stood, on the day due, where it was asked."""
        return self.filter(still_held())

    def answered(self: Self) -> Self:
        """Rows filled by somebody or something other than our own estimate."""
        return self.filter(reading__isnull=False).exclude(reading__source=Reading.Source.SYSTEM)

    def unanswered(self: Self) -> Self:
        """Rows still empty, or filled by our own estimate."""
        return self.filter(Q(reading__isnull=True) | Q(reading__source=Reading.Source.SYSTEM))

    def awaited(self: Self) -> Self:
        """Unanswered rows that somebody is still reminded of: no problem was told of their device."""
        return self.unanswered().exclude(problem_told())


class DueReading(models.Model):
    """One meter owed one reading on one day. The reading of a period is the one this row points to."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="due_readings")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    meter = models.ForeignKey(Meter, models.PROTECT, related_name="due_readings", db_index=False)
    """Looked up by `a_meter_is_due_once_a_day`."""

    due_on = models.DateField(_("due on"))
    coverage = models.ForeignKey(
        Coverage, models.PROTECT, related_name="due_readings", db_index=False
    )
    """Never looked up by it."""

    installation = models.ForeignKey(Installation, models.PROTECT, related_name="due_readings")
    final = models.BooleanField(_("last reading before the device leaves"), default=False)
    reading = models.ForeignKey(Reading, models.PROTECT, null=True, related_name="fills")

    objects = DueReadingQuerySet.as_manager()

    told: bool = False
    """Whether a problem was told of its device; known where a query asked (`problem_told`)."""

    class Meta:
        ordering = ["campaign_id", "id"]
        constraints = [
            models.UniqueConstraint(
                name="a_meter_is_due_once_a_day", fields=["meter", "kind", "due_on"]
            ),
            models.UniqueConstraint(
                name="a_reading_fills_one_periodic_due_reading",
                fields=["reading"],
                condition=Q(kind="PERIODIC"),
            ),
        ]
        indexes = [
            models.Index(
                name="due_readings_still_empty",
                fields=["campaign"],
                condition=Q(reading__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} due {self.due_on}"

    @property
    def answer(self) -> Reading | None:
        """The reading that somebody or something gave; never our own estimate."""
        return None if self.estimate else self.reading

    @property
    def estimate(self) -> Reading | None:
        """Our own estimate, where the row stands at it."""
        reading = self.reading
        return reading if reading and reading.source == Reading.Source.SYSTEM else None


class Handover(models.Model):
    """One device or one site passed to a colleague, who answers beside the sender; taken back at will."""

    sender = models.ForeignKey(Invitation, models.PROTECT, related_name="handed_over")
    receiver = models.ForeignKey(Invitation, models.PROTECT, related_name="received")
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+")
    named = models.CharField(_("in the sender's words"), max_length=161, db_default="")
    made_at = models.DateTimeField(_("made at"))
    taken_back_at = models.DateTimeField(_("taken back at"), null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="a_device_or_a_site_is_handed_over",
                condition=Q(device__isnull=False, site__isnull=True)
                | Q(device__isnull=True, site__isnull=False),
            ),
            models.CheckConstraint(
                name="nobody_hands_over_to_herself", condition=~Q(sender=F("receiver"))
            ),
            *(
                models.UniqueConstraint(
                    name=f"a_{what}_is_handed_over_once_to_a_person",
                    fields=["sender", "receiver", what],
                    condition=Q(taken_back_at__isnull=True, **{f"{what}__isnull": False}),
                )
                for what in ("device", "site")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender_id} to {self.receiver_id}"


class Succession(models.Model):
    """« Ce n'est plus moi, c'est… »: said by the person asked, settled at once or by the office."""

    invitation = models.ForeignKey(Invitation, models.PROTECT, related_name="successions")
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail"))
    said_at = models.DateTimeField(_("said at"))
    settled_at = models.DateTimeField(_("settled at"), null=True)
    successor = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    """Who was invited in her place; none: the office refused."""

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="a_person_names_one_successor_at_a_time",
                fields=["invitation"],
                condition=Q(settled_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invitation_id}: {self.email}"


class Asked(models.Model):
    invitation = models.ForeignKey(Invitation, models.PROTECT, related_name="asked")
    due_reading = models.ForeignKey(DueReading, models.PROTECT, related_name="asked")
    handover = models.ForeignKey(Handover, models.PROTECT, null=True, related_name="asked")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="a_due_reading_is_asked_once_of_a_person", fields=["invitation", "due_reading"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.due_reading_id} of {self.invitation_id}"


class Notice(models.Model):
    """One mail owed to one person: claimed when written, rendered later, withheld when pointless."""

    class What(models.TextChoices):
        INVITED = "INVITED", _("invitation")
        REMINDED_1 = "REMINDED_1", _("first reminder")
        REMINDED_2 = "REMINDED_2", _("second reminder")
        REMINDED_3 = "REMINDED_3", _("third reminder")
        MOVED = "MOVED", _("deadline moved")
        CLOSED = "CLOSED", _("closed")
        HANDED = "HANDED", _("handed over by a colleague")

    invitation = models.ForeignKey(Invitation, models.PROTECT, related_name="notices")
    what = models.CharField(_("what"), max_length=10, choices=What)
    states = models.DateTimeField(_("deadline it names"))
    owed_at = models.DateTimeField(_("owed at"))
    mail = models.OneToOneField(Mail, models.PROTECT, null=True, related_name="notice")
    withheld_at = models.DateTimeField(_("withheld at"), null=True)
    handover = models.OneToOneField(Handover, models.PROTECT, null=True, related_name="notice")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="a_person_gets_a_notice_once",
                fields=["invitation", "what", "states"],
                condition=Q(handover__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                name="notices_to_write",
                fields=["id"],
                condition=Q(mail__isnull=True, withheld_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} of {self.invitation_id}"


class Problem(models.Model):
    """Why a device has no reading, in the words of who was asked: no more reminders for it."""

    class What(models.TextChoices):
        GONE = "GONE", _("it is gone")
        REPLACED = "REPLACED", _("it was replaced")
        BROKEN = "BROKEN", _("it is out of order")
        NO_ACCESS = "NO_ACCESS", _("nobody can reach it")
        NOT_OURS = "NOT_OURS", _("it is not ours")
        OTHER = "OTHER", _("another reason")

    device = models.ForeignKey(Device, models.PROTECT, related_name="problems")
    invitation = models.ForeignKey(Invitation, models.PROTECT, related_name="problems")
    what = models.CharField(_("what"), max_length=10, choices=What)
    words = models.TextField(_("words"), blank=True)
    new_serial = models.CharField(_("serial number of the new device"), max_length=60, blank=True)
    values = models.JSONField(_("counters read"), default=dict, blank=True)
    """Of a device replaced: `{"old": {"MONO": 40500}, "new": {"MONO": 125}}`."""

    told_at = models.DateTimeField(_("told at"))
    taken_back_at = models.DateTimeField(_("taken back at"), null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="a_person_tells_one_problem_of_a_device_at_a_time",
                fields=["invitation", "device"],
                condition=Q(taken_back_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} of {self.device_id}"
