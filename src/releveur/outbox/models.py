"""The outbox: a row is a mail owed, and the only truth about it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Mail(models.Model):
    class State(models.TextChoices):
        OWED = "OWED", _("owed")
        SENT = "SENT", _("sent")
        WITHHELD = "WITHHELD", _("withheld")
        FAILED = "FAILED", _("failed")

    to = models.EmailField(_("to"))
    copy_to = models.CharField(
        _("copies to"), max_length=500, blank=True, default="", db_default=""
    )
    language = models.CharField(_("language"), max_length=5)
    kind = models.CharField(_("kind"), max_length=60)
    priority = models.SmallIntegerField(_("priority"), default=0)
    sender = models.CharField(_("sender"), max_length=340)
    reply_to = models.EmailField(_("reply-to"), blank=True)
    subject = models.CharField(_("subject"), max_length=240)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"))
    calendar = models.TextField(_("calendar entry"), blank=True, default="", db_default="")
    message_id = models.CharField(_("message id"), max_length=200, unique=True)
    in_reply_to = models.CharField(_("in reply to"), max_length=200, blank=True)
    key_uuid = models.UUIDField(_("link"), null=True)
    key_version = models.PositiveIntegerField(_("version of the link"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OWED)
    owed_at = models.DateTimeField(_("owed at"))
    sent_at = models.DateTimeField(_("sent at"), null=True)
    lease_until = models.DateTimeField(_("leased until"), null=True)
    lease = models.UUIDField(_("lease"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try at"), null=True)
    smtp_reply = models.CharField(_("reply of the mail server"), max_length=500, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="a_sent_mail_says_when", condition=Q(sent_at__isnull=False) | ~Q(state="SENT")
            ),
            models.CheckConstraint(
                name="a_link_has_its_version",
                condition=Q(key_uuid__isnull=True, key_version__isnull=True)
                | Q(key_uuid__isnull=False, key_version__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="mails_still_owed",
                fields=["-priority", "id"],
                condition=Q(state="OWED"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Hold(models.Model):
    """The one row that says whether mails may leave, and which installation has been sending them."""

    class Why(models.TextChoices):
        RESTORED = "RESTORED", _("a backup was restored")
        REWOUND = "REWOUND", _("the database is older than what left this machine")
        CLONED = "CLONED", _("the database is another installation's")
        ASLEEP = "ASLEEP", _("nothing ran for more than 26 hours")

    id = models.SmallAutoField(primary_key=True)
    installation = models.CharField(_("installation"), max_length=100)
    epoch = models.UUIDField(_("epoch"))
    ticks = models.PositiveBigIntegerField(_("ticks"), default=0)
    ticked_at = models.DateTimeField(_("last tick"), null=True)
    why = models.CharField(_("why nothing leaves"), max_length=10, choices=Why, blank=True)
    since = models.DateTimeField(_("held since"), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="there_is_one_hold", condition=models.Q(pk=1)),
        ]

    def __str__(self) -> str:
        return self.why
