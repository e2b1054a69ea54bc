"""Who answers a mail by mail: the office gets her words, with all it takes to enter her counters.

Nothing that a person wrote is dropped: what cannot be matched is forwarded as it is, what cannot be read
as it came, and what one sender writes faster than anybody reads waits for the next hour.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from releveur.campaigns import bounced, letter, office_mail
from releveur.campaigns.models import DueReading, Invitation
from releveur.campaigns.office_mail import Line, News
from releveur.customers.models import Contact, Customer
from releveur.outbox import anatomy, bouncing, forwarding, keys, sealing
from releveur.outbox.models import Arrived, Mail

log = logging.getLogger(__name__)

MOST_AN_HOUR = 10
"""Of one sender: a loop between two programs stays a trickle."""

MOST_AT_ONCE = 50
MOST_LISTED = 100
IN_SHORT = 300
A_DAY = timedelta(days=1)
LONGEST_WORDS = 6_000

_QUOTED = re.compile(
    r"^(>.*|-{2,} ?(message d['’]origine|original message|message transf|urspr).*|_{10,}"
    r"|(le|on|am) .{6,120}(a [ée]crit|wrote|schrieb) ?:|(de|from|von) ?: .*@.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_TOKEN = re.compile(r"[\w-]{3,40}")


@dataclass(frozen=True, slots=True)
class _About:
    """Whom a message is about, as far as anybody can tell."""

    invitation: Invitation | None = None
    contact: Contact | None = None
    customer: Customer | None = None
    rows: Sequence[DueReading] = ()


def forward_due(*, now: datetime, limit: int = MOST_AT_ONCE) -> int:
    """Owe the office a mail for each message that a person should see, each in its own transaction.

    :returns: how many were forwarded
    """
    busy = (
        Mail.objects.filter(forwards__isnull=False, owed_at__gt=now - timedelta(hours=1))
        .order_by()
        .values("forwards__sender")
        .annotate(many=Count("pk"))
        .filter(many__gte=MOST_AN_HOUR)
        .values("forwards__sender")
    )
    waiting = _waiting().exclude(sender__in=busy).order_by("pk")
    return sum(_forward(pk, now=now) for pk in list(waiting.values_list("pk", flat=True)[:limit]))


@transaction.atomic
def list_automatic(*, now: datetime) -> Mail | None:
    """Owe the office one list of what programs answered, a day after the first of them at the soonest.

    Some of them say that a person has left, and some were written by a person after all.
    """
    answers = Arrived.objects.filter(state=Arrived.State.SORTED, kind=Arrived.Kind.AUTO_REPLY)
    if not answers.filter(arrived_at__lte=now - A_DAY).exists():
        return None
    held = list(answers.order_by("pk").select_for_update(of=("self",))[:MOST_LISTED])
    mail = office_mail.tell(lambda: _listed(held), now=now)
    if mail is not None:
        done = Arrived.objects.filter(pk__in=[one.pk for one in held])
        done.update(state=Arrived.State.DONE, done_at=now)
    return mail


def how_to_enter(rows: Sequence[DueReading]) -> str:
    """What the office types to enter what a person wrote: a line for each device still to be read.

    An office that has pages gets their links here.
    """
    by_device: dict[str, list[str]] = {}
    for row in letter.missing(rows):
        by_device.setdefault(row.meter.device.serial, []).append(row.meter.kind.label)
    lines = [
        " ".join(["releveur declare", serial, *(f"{_argument(label)}=…" for label in labels)])
        for serial, labels in by_device.items()
    ]
    return "\n".join(lines[: letter.MOST_DEVICES])


def fresh(words: str) -> str:
    """What she wrote herself, without the mail that she answers; all of it where that leaves nothing."""
    cut = _QUOTED.search(words)
    own = words[: cut.start()].strip() if cut else words
    return keys.blotted(own or words)[:LONGEST_WORDS]


def _waiting() -> QuerySet[Arrived]:
    failed = Q(state=Arrived.State.FAILED, done_at=None)
    by_people = Arrived.objects.exclude(kind=Arrived.Kind.AUTO_REPLY)
    return by_people.filter(Q(state=Arrived.State.SORTED) | failed)


def _forward(pk: int, *, now: datetime) -> bool:
    with transaction.atomic():
        arrived = _waiting().filter(pk=pk).select_for_update(skip_locked=True).first()
        if arrived is None:
            return False
        try:
            with transaction.atomic():
                mail = office_mail.tell(lambda: _news(arrived), now=now)
                if mail is None:
                    return False
                mail.forwards = arrived
                mail.save(update_fields=["forwards"])
        except Exception as fault:  # noqa: BLE001  # whatever it is, the others' words go on
            _gave_up(arrived, fault, now=now)
            return False
        if arrived.state == Arrived.State.SORTED:
            arrived.state = Arrived.State.DONE
        arrived.done_at = now
        arrived.save(update_fields=["state", "done_at"])
    return True


def _gave_up(arrived: Arrived, fault: Exception, *, now: datetime) -> None:
    """Once more as it came, with nothing of it read; then it stays where it is, for a person to look at."""
    log.error("message %s cannot be forwarded", arrived.pk, exc_info=fault)
    if arrived.state == Arrived.State.FAILED:
        arrived.done_at = now
    arrived.state = Arrived.State.FAILED
    arrived.fault = f"{type(fault).__name__}: {fault}"[:500]
    arrived.save(update_fields=["state", "done_at", "fault"])


def _news(arrived: Arrived) -> News:
    if arrived.state == Arrived.State.FAILED:
        return _unreadable(arrived)
    message = anatomy.parsed(sealing.opened(arrived.sealed))
    about = _about(arrived)
    contact = about.contact
    if arrived.kind == Arrived.Kind.REPLY and contact and contact.address_key == arrived.sender:
        bouncing.forgive(contact.email, now=arrived.arrived_at)
    heading, sentence = _what(arrived)
    return News(
        heading=heading,
        sentence=sentence,
        lines=[*_who(about, arrived), *_said(message, arrived), *_to_do(about)],
        reply_to=_answerable(arrived.sender),
    )


def _listed(answers: Sequence[Arrived]) -> News:
    return News(
        heading=_("Automatic replies of the day"),
        sentence=_(
            "They were answers to nobody and count for nothing. Look whether one of them names a"
            " successor, or was written by a person after all."
        ),
        lines=[(one.sender or "–", _in_short(one)) for one in answers],
    )


def _in_short(arrived: Arrived) -> str:
    try:
        message = anatomy.parsed(sealing.opened(arrived.sealed))
    except sealing.CannotBeOpened:
        return arrived.subject
    return f"{arrived.subject}\n{' '.join(fresh(anatomy.words(message)).split())[:IN_SHORT]}"


def _what(arrived: Arrived) -> tuple[str, str]:
    match arrived.kind:
        case Arrived.Kind.CHALLENGE:
            return _("A filter wants to know who we are"), _(
                "The customer’s filter keeps our mail until somebody confirms that it was sent by a"
                " person: do what the message says."
            )
        case Arrived.Kind.COMPLAINT:
            return _("A mail of ours was reported as spam"), _(
                "Call, and ask whether this person shall be written to."
            )
        case Arrived.Kind.BOUNCE:
            return _("A mail came back, nobody can tell whose"), _(
                "The message does not say which of our mails it speaks of. Its words are below."
            )
        case _:
            return _("A customer answered by mail"), _(
                "Nothing was recorded. Enter the counters as if they had been told by phone; whoever"
                " answers this mail answers the customer."
            )


def _unreadable(arrived: Arrived) -> News:
    return News(
        heading=_("A message arrived that cannot be read"),
        sentence=_("It is attached as it came. Open it with care."),
        lines=[(_("From"), arrived.sender), (_("Subject"), arrived.subject)],
        reply_to=_answerable(arrived.sender),
    )


def _about(arrived: Arrived) -> _About:
    """By the mail that is answered, then by who writes, then by a code in the subject."""
    invitation = bounced.invitation_of(arrived.mail) if arrived.mail else None
    contact = Contact.objects.filter(address_key=arrived.sender).exclude(address_key="").first()
    if invitation is None and contact is not None:
        invitation = contact.invitations.select_related("contact").order_by("-pk").first()
    if invitation is not None:
        rows = letter.asked_rows([invitation.pk]).get(invitation.pk, [])
        return _About(invitation, contact or invitation.contact, None, rows)
    named = Customer.objects.filter(code__in=_TOKEN.findall(arrived.subject)).first()
    return _About(None, contact, named)


def _who(about: _About, arrived: Arrived) -> list[Line]:
    if about.invitation:
        lines = office_mail.about(about.invitation)
    elif about.contact:
        lines = office_mail.person(about.contact)
    elif about.customer:
        lines = [(_("Company"), f"{about.customer.name} ({about.customer.code})")]
    else:
        lines = []
    known = about.invitation.contact.address_key if about.invitation else ""
    return lines if known == arrived.sender else [*lines, (_("From"), arrived.sender)]


def _said(message: anatomy.Parsed, arrived: Arrived) -> list[Line]:
    cut_off = "" if arrived.whole else _("The message was too large; its end is in the mailbox.")
    return [
        (_("Subject"), arrived.subject),
        (_("Message"), fresh(anatomy.words(message))),
        (_("Files too large to come along"), ", ".join(forwarding.too_many(arrived))),
        (_("Note"), cut_off),
    ]


def _to_do(about: _About) -> list[Line]:
    missing = letter.missing(about.rows)
    devices = dict.fromkeys(
        f"{row.meter.device.model} {row.meter.device.serial} ({letter.place(row)})"
        for row in missing
    )
    return [
        (_("Still to be read"), "\n".join(list(devices)[: letter.MOST_DEVICES])),
        (_("To enter what was written"), how_to_enter(about.rows)),
    ]


def _argument(label: str) -> str:
    """As a shell takes it."""
    return f'"{label}"' if " " in label else label


def _answerable(address: str) -> str:
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address
