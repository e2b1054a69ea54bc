"""The outbox: a row is a mail owed, and the only truth about it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower
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
    key_hash = models.CharField(_("hash of the key"), max_length=64, db_default="", default="")
    """Of the link's key, where one was handed out already: it tells which secret made it."""

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OWED)
    owed_at = models.DateTimeField(_("owed at"))
    sent_at = models.DateTimeField(_("sent at"), null=True)
    lease_until = models.DateTimeField(_("leased until"), null=True)
    lease = models.UUIDField(_("lease"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try at"), null=True)
    smtp_reply = models.CharField(_("reply of the mail server"), max_length=500, blank=True)
    handed_at = models.DateTimeField(_("handed over at"), null=True)
    """When it left, by the machine's clock: what limits and the pace are counted by."""

    domain = models.GeneratedField(
        expression=Lower(Func(F("to"), Value("@"), Value(-1), function="split_part")),
        output_field=models.CharField(max_length=254),
        db_persist=True,
    )

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
            models.Index(
                name="mails_lately_handed_over",
                fields=["handed_at"],
                condition=Q(handed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Pace(models.Model):
    """A pace that a mail server taught us by its « too many »: of one domain, or of the whole way out."""

    domain = models.CharField(_("domain"), max_length=254, unique=True, blank=True)
    """Of the recipients; empty: whoever they are."""

    a_minute = models.PositiveIntegerField(_("mails a minute"))
    one_by_one = models.BooleanField(_("one conversation at a time"), default=False)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"))

    def __str__(self) -> str:
        return f"{self.domain or '*'}: {self.a_minute} a minute"
