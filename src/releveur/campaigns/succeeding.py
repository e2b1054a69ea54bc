"""« Ce n'est plus moi, c'est… »: the person asked names who answers in her place.

At once or after the office's word, by the dealer's setting; the dealer is told in any case. Then her
open requests go to the successor, and so does all that she answers for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from releveur.audit.models import Action
from releveur.audit.writing import OFFICE, By, note
from releveur.campaigns import (
    continuing,
    handed,
    handing_over,
    locks,
    mailing,
    office_mail,
    reminding,
)
from releveur.campaigns.handing_over import ToHerself
from releveur.campaigns.models import (
    Asked,
    Campaign,
    Handover,
    Invitation,
    Kind,
    Notice,
    Succession,
)
from releveur.campaigns.office_mail import Line, News
from releveur.customers import acting, introducing
from releveur.customers.introducing import Named
from releveur.customers.models import Contact, Customer
from releveur.dealer.closures import closed_days
from releveur.dealer.models import Dealer
from releveur.fleet import passing_on
from releveur.kept import Given, Kept
from releveur.rules import mailboxes, schedule


class NotHers(Exception):
    """All that is asked of her was handed to her by colleagues: it is theirs to say."""


class Settled(Exception):
    """This succession was accepted or refused before."""


@transaction.atomic
def name_successor(invitation: Invitation, *, named: Named, now: datetime) -> Succession:
    """Write down who it is now, tell the dealer, and ask the successor at once where that is allowed.

    The same twice is one; another name replaces the one that still waits for the office.

    :raises NotHers, ToHerself: as they say
    :raises NoName, NoMoreMails: of `introducing`
    :raises addresses.NoAddress: nobody can have this address
    """
    _hold(invitation)
    last = latest(invitation)
    if last and last.successor_id:
        return last
    named = introducing.checked(named)
    if named.key == invitation.contact.address_key:
        raise ToHerself
    if last and _said(last) == named:
        return last
    if not _own(invitation).exists():
        raise NotHers
    succession = last or Succession(invitation=invitation)
    succession.first_name, succession.last_name = named.first_name, named.last_name
    succession.email, succession.said_at = named.email, now
    succession.save()
    about_her = _about(invitation)
    if _at_once(invitation.contact, named):
        by = acting.by(invitation.contact)
        _settle(succession, Action.NAME_SUCCESSOR, by=by, now=now)
    office_mail.tell(lambda: _news(succession, about_her), now=now)
    return succession


@transaction.atomic
def accept(succession: Succession, *, by: By = OFFICE, now: datetime) -> Contact:
    """Ask the successor from now on, in every open campaign and in those to come.

    :raises Settled: it was accepted or refused before
    :raises NoMoreMails: the successor is known, and wants no mail
    """
    return _settle(_held(succession), Action.ACCEPT_SUCCESSOR, by=by, now=now)


@transaction.atomic
def refuse(succession: Succession, *, by: By = OFFICE, now: datetime) -> None:
    """Leave things as they are, and tell who named somebody, unless she wants no mails.

    :raises Settled: it was accepted or refused before
    """
    held = _held(succession)
    held.settled_at = now
    held.save(update_fields=["settled_at"])
    if held.invitation.contact.opted_out_at is None:
        mailing.still_you(held.invitation, named=str(_said(held)), now=now)
    _note(held, Action.REFUSE_SUCCESSOR, codes=_codes(held), by=by, now=now)


def waiting() -> QuerySet[Succession]:
    """What the office has to settle, the oldest first."""
    asked = Succession.objects.filter(settled_at=None).order_by("pk")
    return asked.select_related("invitation__contact", "invitation__campaign")


def latest(invitation: Invitation) -> Succession | None:
    """Whom this person named last: somebody who waits for the office, or who answers in her place.

    Nobody, where the office refused, or where she is asked again since.
    """
    named = _LATEST.first(invitation=invitation.pk)
    if named is None or named.settled_at is None:
        return named
    is_open = invitation.campaign.state == Campaign.State.OPEN
    back = named.successor_id is None or (is_open and _own(invitation).exists())
    return None if back else named


_LATEST = Kept(
    lambda: Succession.objects.filter(invitation=Given("invitation")).order_by("-pk")[:1]
)


def customers_of(invitation: Invitation) -> Sequence[Customer]:
    """The companies whose devices are asked of her in her own right."""
    rows = handed.passable(invitation)
    found = Customer.objects.filter(sites__installations__due_readings__in=rows)
    return list(found.distinct().order_by("code"))


def _about(invitation: Invitation) -> list[Line]:
    """Who is meant, while her requests are still hers; in the office's language."""
    with translation.override(settings.LANGUAGE_CODE):
        return office_mail.about(invitation)


def _at_once(contact: Contact, named: Named) -> bool:
    match Dealer.objects.here().successors:
        case Dealer.Successors.ALWAYS:
            return True
        case Dealer.Successors.SAME_DOMAIN:
            return mailboxes.of_one_company(contact.email, named.email)
        case _:
            return False


def _hold(invitation: Invitation) -> None:
    """Hold every campaign that asks something of this person, by id."""
    asking = Invitation.objects.filter(
        contact=invitation.contact_id, campaign__state=Campaign.State.OPEN
    )
    asked = set(asking.values_list("campaign_id", flat=True))
    for campaign in sorted(asked | {invitation.campaign_id}):
        locks.hold(campaign)


def _held(succession: Succession) -> Succession:
    _hold(succession.invitation)
    held = Succession.objects.select_for_update(of=("self",)).get(pk=succession.pk)
    if held.settled_at is not None:
        raise Settled
    return held


def _settle(succession: Succession, action: Action, *, by: By, now: datetime) -> Contact:
    codes = _codes(succession)
    old = succession.invitation.contact
    new = introducing.introduce(_said(succession), language=old.language)
    hers = Invitation.objects.filter(contact=old, campaign__state=Campaign.State.OPEN)
    for one in hers.select_related("campaign").order_by("campaign_id"):
        _move(one, new, now)
    passing_on.pass_on(old, to=new)
    succession.successor, succession.settled_at = new, now
    succession.save(update_fields=["successor", "settled_at"])
    _note(succession, action, codes=codes, by=by, now=now)
    return new


def _codes(succession: Succession) -> str:
    """While the requests are still hers."""
    return ", ".join(one.code for one in customers_of(succession.invitation))


def _note(succession: Succession, action: Action, *, codes: str, by: By, now: datetime) -> None:
    before = {"contact": succession.invitation.contact_id}
    after = {"contact": succession.successor_id} if succession.successor_id else None
    note(succession, action, key=codes, by=by, before=before, after=after, now=now)


def _said(succession: Succession) -> Named:
    return Named(succession.email, succession.first_name, succession.last_name)


def _move(old: Invitation, contact: Contact, now: datetime) -> None:
    """Ask her rows of the successor; what colleagues handed her goes back to them."""
    for handover in Handover.objects.filter(receiver=old, taken_back_at=None):
        handing_over.end(handover, now=now)
    if not _own(old).exists():
        return
    until = old.asks_until
    if old.campaign.kind == Kind.PERIODIC:
        until = max(until, schedule.asks_until_after(now, closed_days()))
    new = continuing.go_on(old, contact=contact, until=until, now=now)
    _give_rows(old, new)
    continuing.keep_problems(old, to=new, now=now)
    _give_handovers(old, new, now)
    reminding.follow_deadlines(old.campaign, now=now)
    reminding.withhold(Notice.objects.filter(invitation=old), now=now)
    _invite(new, now)


def _give_rows(old: Invitation, new: Invitation) -> None:
    """What was handed to the successor before is asked of her in her own right now."""
    rows = _own(old).values("due_reading")
    new.asked.filter(due_reading__in=rows).update(handover=None)
    _own(old).filter(due_reading__in=new.asked.values("due_reading")).delete()
    _own(old).update(invitation=new)


def _give_handovers(old: Invitation, new: Invitation, now: datetime) -> None:
    """What she had handed to colleagues stays with them, and is the successor's to take back."""
    for handover in Handover.objects.filter(sender=old, taken_back_at=None):
        same = {"receiver": handover.receiver, "device": handover.device, "site": handover.site}
        twin = Handover.objects.filter(sender=new, taken_back_at=None, **same)
        if handover.receiver_id == new.pk or twin.exists():
            handing_over.end(handover, now=now)
        else:
            handover.sender = new
            handover.save(update_fields=["sender"])


def _invite(new: Invitation, now: datetime) -> None:
    """Her mail; once more, where she has had one that named less."""
    if not reminding.silent(Invitation.objects.filter(pk=new.pk)).exists():
        return
    notice, fresh = Notice.objects.get_or_create(
        invitation=new,
        what=Notice.What.INVITED,
        states=new.asks_until,
        defaults={"owed_at": now},
    )
    if not fresh and (notice.mail_id or notice.withheld_at):
        mailing.resend(new, now=now)


def _own(invitation: Invitation) -> QuerySet[Asked]:
    return Asked.objects.filter(invitation=invitation, handover=None)


def _news(succession: Succession, about_her: Sequence[Line]) -> News:
    """What the office is told: who, who now, and what was done or is to be done."""
    done = _(
        "Somebody else answers for these meter readings. The open requests and those to come go to the"
        " new person: note it in your management software."
    )
    waits = _(
        "Somebody else is said to answer for these meter readings. Nothing is changed before you say so."
    )
    accepted = succession.successor_id is not None
    command = f"releveur successor {succession.pk}"
    return News(
        heading=_("New person for meter readings") if accepted else _("New person to confirm"),
        sentence=done if accepted else waits,
        lines=[
            *about_her,
            (_("New person"), f"{_said(succession)} <{succession.email}>"),
            (_("Command"), "" if accepted else f"{command} --accept\n{command} --refuse"),
        ],
        reply_to=succession.invitation.contact.email,
    )
