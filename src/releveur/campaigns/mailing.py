"""The mails of a campaign: notices that are owed become mails, with what is really missing then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.db import connection, transaction
from django.db.models import F, Min, QuerySet
from django.utils import translation

from releveur.campaigns import letter, locks, silence
from releveur.campaigns.letter import Context, Corrected
from releveur.campaigns.models import (
    Campaign,
    DueReading,
    Invitation,
    Notice,
    Problem,
)
from releveur.campaigns.silence import Price
from releveur.campaigns.told import Told
from releveur.dealer.models import Dealer
from releveur.kept import AnyGiven, Kept
from releveur.outbox import bouncing, writing
from releveur.outbox.forms import Forms
from releveur.outbox.models import Mail
from releveur.readings.models import Reading

log = logging.getLogger(__name__)

CHUNK = 200
FOLDER = "campaigns/mail"
OF_A_RECEIPT = 10
OF_A_RESENT_LINK = 5
"""Priorities: somebody waits for these mails; a campaign's thousands leave after them."""

NAMES = {
    Notice.What.INVITED: "invitation",
    Notice.What.REMINDED_1: "reminder_1",
    Notice.What.REMINDED_2: "reminder_2",
    Notice.What.REMINDED_3: "reminder_3",
    Notice.What.MOVED: "moved",
    Notice.What.CLOSED: "closed",
    Notice.What.HANDED: "handed",
}
"""The folder of each notice's templates."""

STARTS = (Notice.What.HANDED, Notice.What.INVITED)
"""The first mail of a person: all later ones answer it; the invitation, where she has both."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Whom a mail goes to, in which conversation, and how soon."""

    invitation: Invitation
    dealer: Dealer
    now: datetime
    in_reply_to: str = ""
    priority: int = 0
    forms: Forms | None = None


def write_due(*, now: datetime, limit: int | None = None) -> int:
    """Write the mails of all notices owed, a short transaction per chunk; safe to run twice, and at once.

    A notice that asks for what was answered meanwhile, of a campaign that asks no more, to somebody who
    wants no more mails, or to an address at which nobody is, is withheld. A mail that cannot be written fails alone, with its reason.

    :param limit: how many notices are looked at, at most
    :returns: how many mails were written
    """
    written = seen = after = 0
    while limit is None or seen < limit:
        most = CHUNK if limit is None else min(CHUNK, limit - seen)
        waiting = _waiting().filter(pk__gt=after).order_by("pk")
        chunk = list(waiting.values_list("pk", flat=True)[:most])
        if not chunk:
            break
        written += _write(chunk, now=now)
        seen, after = seen + len(chunk), chunk[-1]
    return written


def receipt(
    number: str,
    *,
    invitation: Invitation,
    lines: Sequence[tuple[DueReading, Reading]],
    instead: Corrected | None = None,
    now: datetime,
) -> Mail:
    """Owe the mail of a receipt; call it in the transaction that records what was declared.

    :param instead: what each value replaces, where the form did nothing but correct
    """
    thread = _threads([invitation.pk]).get(invitation.pk, "")
    envelope = Envelope(invitation, Dealer.objects.here(), now, thread, OF_A_RECEIPT)
    mail = _mail(
        "receipt" if instead is None else "correction",
        lambda: letter.declared(invitation, lines, number=number, now=now, instead=instead),
        envelope,
    )
    mail.save()
    return mail


def problem_noted(problem: Problem, *, now: datetime) -> Mail:
    """Owe the mail that notes a problem; call it in the transaction that writes it."""
    invitation = problem.invitation
    thread = _threads([invitation.pk]).get(invitation.pk, "")
    rows = letter.asked_rows([invitation.pk]).get(invitation.pk, [])
    envelope = Envelope(invitation, Dealer.objects.here(), now, thread, OF_A_RECEIPT)
    mail = _mail("problem_noted", lambda: letter.problem(problem, rows), envelope)
    mail.save()
    return mail


def still_you(invitation: Invitation, *, named: str, now: datetime) -> Mail:
    """Owe the mail that says that nobody is asked in her place; call it where that is settled."""
    thread = _threads([invitation.pk]).get(invitation.pk, "")
    rows = letter.asked_rows([invitation.pk]).get(invitation.pk, [])
    envelope = Envelope(invitation, Dealer.objects.here(), now, thread, OF_A_RESENT_LINK)
    mail = _mail("still_you", lambda: letter.still_you(invitation, rows, named=named), envelope)
    mail.save()
    return mail


@transaction.atomic
def resend(invitation: Invitation, *, now: datetime) -> Mail:
    """Owe a person her mail and link once more: what is missing, or after the close the estimates.

    Whoever asks for it says that her address works, though mails came back from it.
    """
    locks.share([invitation.campaign_id])
    [held] = locks.hold_invitations([invitation.pk])
    bouncing.forgive(held.contact.email, now=now)
    rows = letter.asked_rows([held.pk]).get(held.pk, [])
    told = letter.missing(rows) or rows
    closed = any(row.estimate for row in rows)
    thread, dealer = _threads([held.pk]).get(held.pk, ""), Dealer.objects.here()
    envelope = Envelope(held, dealer, now, thread, OF_A_RESENT_LINK)
    prices = silence.prices(rows) if silence.is_told(dealer, held, now=now) else {}
    mail = _mail(
        "closed" if closed else "invitation",
        lambda: (
            letter.estimates(held, rows)
            if closed
            else letter.asking(held, rows, told, deadline=held.asks_until, prices=prices)
        ),
        envelope,
    )
    mail.save()
    return mail


def of_campaign(campaign: Campaign) -> QuerySet[Mail]:
    """Every mail of a campaign to the people it asks: whatever carries the link of one of them."""
    return Mail.objects.filter(key_uuid__in=campaign.invitations.values("uuid"))


@transaction.atomic
def _write(chunk: Sequence[int], *, now: datetime) -> int:
    """Lock in the house's order, look again what is owed, write that and withhold the rest."""
    notices = _held(chunk)
    people = {notice.invitation_id for notice in notices}
    rows, threads, dealer = letter.told_rows(people), _threads(people), Dealer.objects.here()
    promised, following = _promised(people), _following(notices)
    prices = _prices(notices, dealer)
    forms = writing.forms()
    dead = bouncing.dead({notice.invitation.contact.email for notice in notices})
    for notice in notices:
        asked = [
            row
            for row, handover in rows.get(notice.invitation_id, [])
            if notice.what != Notice.What.HANDED or handover == notice.handover_id
        ]
        lost = notice.invitation.contact.address_key in dead
        if lost or not _owed(notice, asked):
            notice.withheld_at = now
            continue
        thread = threads.get(notice.invitation_id, "")
        notice.mail = _of_notice(
            notice,
            asked,
            Envelope(notice.invitation, dealer, now, thread, forms=forms),
            promised=promised[notice.invitation_id],
            follows=notice.pk in following,
            prices=prices if silence.is_written(dealer, notice.what) else {},
        )
        if notice.what in STARTS:
            threads[notice.invitation_id] = notice.mail.message_id
    mails = {notice.pk: notice.mail for notice in notices if notice.mail is not None}
    Mail.objects.bulk_create(mails.values())
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [list(mails), [mail.pk for mail in mails.values()]])
    back = [notice.pk for notice in notices if notice.withheld_at is not None]
    Notice.objects.filter(pk__in=back).update(withheld_at=now)
    return len(mails)


WRITTEN = """
    UPDATE campaigns_notice SET mail_id = written.mail
    FROM unnest(%s::bigint[], %s::bigint[]) AS written (notice, mail) WHERE id = written.notice
"""


def _waiting() -> QuerySet[Notice]:
    """Notices owed whose mail may be written: those of a campaign that is paused wait."""
    return Notice.objects.filter(mail=None, withheld_at=None, invitation__campaign__paused_at=None)


def _held(chunk: Sequence[int]) -> list[Notice]:
    wanted = Notice.objects.filter(pk__in=chunk)
    locks.share(set(wanted.values_list("invitation__campaign_id", flat=True)))
    locks.hold_invitations(wanted.values_list("invitation_id", flat=True))
    waiting = _waiting().filter(pk__in=chunk).order_by("pk")
    waiting = waiting.select_related(
        "invitation__contact", "invitation__campaign", "handover__sender__contact"
    )
    return list(waiting.select_for_update(of=("self",)))


def _owed(notice: Notice, rows: Sequence[Told]) -> bool:
    if notice.invitation.contact.opted_out_at:
        return False
    if notice.what == Notice.What.CLOSED:
        return any(row.estimate is not None for row in rows)
    asks = notice.invitation.campaign.state == Campaign.State.OPEN
    return asks and bool(letter.missing(rows))


def _of_notice(
    notice: Notice,
    rows: Sequence[Told],
    envelope: Envelope,
    *,
    promised: datetime,
    follows: bool,
    prices: Mapping[int, Price],
) -> Mail:
    """The mail of a notice.

    :param promised: the first deadline that this person was told
    :param follows: it moved with the deadline of whoever handed her something
    :param prices: what silence would retain, per row, where this mail says it
    """

    def context() -> Context:
        if notice.what == Notice.What.CLOSED:
            return letter.estimates(notice.invitation, rows)
        told = letter.missing(rows)
        moved = notice.what != Notice.What.MOVED and notice.states > promised
        asking = letter.asking(
            notice.invitation, rows, told, deadline=notice.states, moved=moved, prices=prices
        )
        sender = notice.handover and notice.handover.sender.contact
        return asking | {"sender": str(sender or ""), "follows": follows}

    return _mail(NAMES[Notice.What(notice.what)], context, envelope)


def _mail(name: str, context: Callable[[], Context], envelope: Envelope) -> Mail:
    """The mail, ready to store; one that cannot be written has failed already, and says why."""
    invitation = envelope.invitation
    contact = invitation.contact
    try:
        return written(name, context, envelope)
    except Exception as fault:
        log.exception("the %s of invitation %s cannot be written", name, invitation.pk)
        return writing.failed(
            name, fault, to=contact.email, language=contact.language,
            dealer=envelope.dealer, now=envelope.now, link=_link(invitation),
        )  # fmt: skip


def written(name: str, context: Callable[[], Context], envelope: Envelope) -> Mail:
    """A mail of a campaign in its reader's language, not yet stored; raises whatever is wrong with it.

    :param context: called under that language
    """
    invitation, contact = envelope.invitation, envelope.invitation.contact
    with translation.override(contact.language):
        said = context()
    mail = writing.prepare(
        f"{FOLDER}/{name}",
        to=contact.email,
        language=contact.language,
        context=said,
        dealer=envelope.dealer,
        now=envelope.now,
        priority=envelope.priority,
        link=_link(invitation),
        in_reply_to=envelope.in_reply_to,
        copy_to=contact.copy_to,
        forms=envelope.forms,
    )
    mail.subject = letter.fitting(mail.subject, said)
    return mail


def _link(invitation: Invitation) -> writing.Link:
    return invitation.uuid, invitation.link_version, invitation.key_hash


def _prices(notices: Collection[Notice], dealer: Dealer) -> dict[int, Price]:
    """What silence would retain for the rows of those whose mail says it: all at once, and of nobody else."""
    told = {one.invitation_id for one in notices if silence.is_written(dealer, one.what)}
    rows = chain.from_iterable(letter.asked_rows(told).values()) if told else ()
    return silence.prices({row.pk: row for row in rows}.values())


def _promised(invitations: set[int]) -> dict[int, datetime]:
    """The earliest deadline that a notice of each invitation names."""
    named = Notice.objects.filter(invitation__in=invitations).order_by().values("invitation_id")
    return dict(named.annotate(first=Min("states")).values_list("invitation_id", "first"))


def _threads(invitations: Sequence[int] | set[int]) -> dict[int, str]:
    """The message id of each person's first mail: all later ones answer it, and stand together."""
    return dict(_STARTED.ask(invitations=[*invitations]))


_STARTED = Kept(
    lambda: (
        Notice.objects.filter(
            invitation=AnyGiven("invitations"), what__in=STARTS, mail__isnull=False
        )
        .exclude(mail__state=Mail.State.FAILED)
        .order_by("what", "pk")
        .values_list("invitation_id", "mail__message_id")
    )
)


def _following(notices: Sequence[Notice]) -> set[int]:
    """Of these, those of a deadline that moved with the one of whoever handed something over."""
    moved = [one.pk for one in notices if one.what == Notice.What.MOVED]
    led = Notice.objects.filter(
        pk__in=moved,
        invitation__received__taken_back_at=None,
        invitation__received__sender__asks_until=F("states"),
    )
    return set(led.values_list("pk", flat=True)) if moved else set()
