"""The outbox: a row is a mail owed, and the only truth about it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower, Upper
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

    forwards = models.ForeignKey("Arrived", models.PROTECT, null=True, related_name="forwarded_in")
    """A message that arrived, whose attachments go with this mail."""

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
            models.Index(Upper("to"), name="mails_to_an_address"),
            models.Index(
                name="mails_of_a_link", fields=["key_uuid"], condition=Q(key_uuid__isnull=False)
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


class Arrived(models.Model):
    """A message that reached us, kept as it came; what it says is looked at afterwards."""

    class Kind(models.TextChoices):
        UNKNOWN = "UNKNOWN", _("not looked at")
        BOUNCE = "BOUNCE", _("a mail of ours came back")
        AUTO_REPLY = "AUTO_REPLY", _("automatic reply")
        CHALLENGE = "CHALLENGE", _("the sender shall confirm himself")
        COMPLAINT = "COMPLAINT", _("complaint about spam")
        REPLY = "REPLY", _("reply of a person")
        OURS = "OURS", _("a mail of our own")

    class State(models.TextChoices):
        RECEIVED = "RECEIVED", _("received")
        SORTED = "SORTED", _("sorted")
        DONE = "DONE", _("dealt with")
        FAILED = "FAILED", _("failed")

    sealed = models.BinaryField(_("the message, sealed"))
    whole = models.BooleanField(_("the whole message"), default=True)
    """False: it was too large, and its end is still in the mailbox."""

    digest = models.CharField(_("digest"), max_length=64, unique=True)
    message_id = models.CharField(_("message id"), max_length=200, blank=True)
    sender = models.CharField(_("sender"), max_length=254, blank=True)
    subject = models.CharField(_("subject"), max_length=240, blank=True)
    arrived_at = models.DateTimeField(_("arrived at"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.UNKNOWN)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RECEIVED)
    mail = models.ForeignKey(Mail, models.PROTECT, null=True, related_name="answers")
    fault = models.CharField(_("what is wrong with it"), max_length=500, blank=True)
    done_at = models.DateTimeField(_("dealt with at"), null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                name="arrived_not_dealt_with",
                fields=["state", "id"],
                condition=~Q(state="DONE"),
            ),
            models.Index(name="arrived_of_a_sender", fields=["sender", "done_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Bounce(models.Model):
    """That a mail which left did not arrive, in the words of the server that says so."""

    class What(models.TextChoices):
        HARD = "HARD", _("nobody there")
        SOFT = "SOFT", _("not now")
        POLICY = "POLICY", _("not wanted")

    class KnownBy(models.TextChoices):
        RETURN_PATH = "RETURN_PATH", _("signed return path")
        MESSAGE_ID = "MESSAGE_ID", _("message id")
        ADDRESS = "ADDRESS", _("address")
        """Anybody can write such a message: it is told, and stops no mail."""

    arrived = models.ForeignKey(Arrived, models.PROTECT, related_name="bounces")
    mail = models.ForeignKey(Mail, models.PROTECT, related_name="bounces")
    address = models.EmailField(_("address"))
    address_key = models.CharField(_("normalised address"), max_length=254)
    what = models.CharField(_("what"), max_length=10, choices=What)
    known_by = models.CharField(_("known by"), max_length=12, choices=KnownBy)
    code = models.CharField(_("code"), max_length=12, blank=True)
    words = models.CharField(_("words of the server"), max_length=500, blank=True)
    at = models.DateTimeField(_("at"))
    told_at = models.DateTimeField(_("the office was told at"), null=True)
    forgiven_at = models.DateTimeField(_("written to again since"), null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="a_mail_comes_back_once_from_an_address", fields=["mail", "address_key"]
            ),
        ]
        indexes = [
            models.Index(
                name="dead_addresses",
                fields=["address_key"],
                condition=Q(what="HARD", forgiven_at=None) & ~Q(known_by="ADDRESS"),
            ),
            models.Index(name="bounces_to_tell", fields=["id"], condition=Q(told_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.address}"


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
