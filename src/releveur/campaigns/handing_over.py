"""One device or one site passed to a colleague, who answers beside the sender until it is taken back.

The rows are the same: whoever answers first has answered for both. A colleague has as long as the
person who asked her, and neither moves a deadline nor holds up a close (`reminding`, `closing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from releveur.audit.models import Action
from releveur.audit.writing import note
from releveur.campaigns import continuing, handed, links, locks, reminding
from releveur.campaigns.models import (
    Asked,
    Campaign,
    DueReading,
    Handover,
    Invitation,
    Notice,
)
from releveur.customers import acting, introducing
from releveur.customers.introducing import Named
from releveur.customers.models import Site
from releveur.fleet.models import Device

MOST_STANDING = 20
"""Handed over by one person at a time."""

MOST_EVER = 60
"""The same with those taken back: nobody's mailbox is filled by giving and taking."""


class NotOpen(Exception):
    """The campaign asks nobody any more."""


class NothingToHandOver(Exception):
    """Nothing there is asked of this person in her own right and still awaited."""


class ToHerself(Exception):
    """The address is the sender's own."""


class AskedAlready(Exception):
    """The colleague is asked for all of it in her own right."""


class TooMany(Exception):
    """This person has handed over as often as one may."""


@transaction.atomic
def hand_over(invitation: Invitation, what: Device | Site, *, to: Named, now: datetime) -> Handover:
    """Ask a colleague too, by a mail of her own; the same twice is one.

    :param what: one device, or all devices of hers at a site
    :raises NotOpen, NothingToHandOver, ToHerself, AskedAlready, TooMany: as they say
    :raises NoName, NoMoreMails: of `introducing`
    :raises addresses.NoAddress: nobody can have this address
    """
    campaign = locks.hold(invitation.campaign_id)
    if campaign.state != Campaign.State.OPEN:
        raise NotOpen
    rows = handed.passable(invitation).filter(handed.rows_of(what))
    if not rows.awaited().exists():
        raise NothingToHandOver
    to = introducing.checked(to)
    if to.key == invitation.contact.address_key:
        raise ToHerself
    if twin := _twin(invitation, what, to):
        return twin
    receiver = _receiver(invitation, to, now)
    asked = dict(receiver.asked.filter(due_reading__in=rows).values_list("due_reading", "handover"))
    if len(asked) == rows.count() and None in asked.values():
        raise AskedAlready
    handover = Handover.objects.create(
        sender=invitation, receiver=receiver, named=str(to), made_at=now, **handed.scope(what)
    )
    _ask(handover, [row for row in rows if row.pk not in asked], now)
    _note(handover, Action.HAND_OVER, now)
    return handover


@transaction.atomic
def take_back(handover: Handover, *, now: datetime) -> None:
    """Ask the colleague no more; where nothing is left of hers, her link dies at once."""
    locks.hold(handover.sender.campaign_id)
    standing = Handover.objects.select_for_update(of=("self",)).filter(taken_back_at=None)
    if held := standing.filter(pk=handover.pk).first():
        end(held, now=now)
        _note(held, Action.TAKE_BACK, now)


def end(handover: Handover, *, now: datetime) -> None:
    """The same for those who hold the campaign."""
    receiver = handover.receiver
    handover.taken_back_at = now
    handover.save(update_fields=["taken_back_at"])
    for other in Handover.objects.filter(receiver=receiver, taken_back_at=None):
        _give_to(other, handover)
    handover.asked.all().delete()
    continuing.keep_problems(receiver, to=handover.sender, now=now)
    if receiver.asked.exists():
        reminding.withhold(Notice.objects.filter(handover=handover), now=now)
        reminding.withhold_answered([receiver.pk], now=now)
    else:
        links.revoke(receiver)
        reminding.withhold(Notice.objects.filter(invitation=receiver), now=now)


def _note(handover: Handover, action: Action, now: datetime) -> None:
    what = handover.device or handover.site
    key = what.serial if isinstance(what, Device) else what and what.customer.code
    by, to = acting.by(handover.sender.contact), {"contact": handover.receiver.contact_id}
    note(what, action, key=key, by=by, after=to, now=now)


def _twin(invitation: Invitation, what: Device | Site, to: Named) -> Handover | None:
    known = handed.given(invitation).filter(receiver__contact__address_key=to.key)
    return known.filter(**handed.scope(what)).first()


def _receiver(invitation: Invitation, to: Named, now: datetime) -> Invitation:
    ever = invitation.handed_over.count()
    if ever >= MOST_EVER or handed.given(invitation).count() >= MOST_STANDING:
        raise TooMany
    contact = introducing.introduce(to, language=invitation.contact.language)
    return continuing.go_on(invitation, contact=contact, until=invitation.asks_until, now=now)


def _ask(handover: Handover, rows: Iterable[DueReading], now: datetime) -> None:
    """Ask the rows that nobody asked of her yet; where there are any, she gets a mail."""
    receiver = handover.receiver
    asked = Asked.objects.bulk_create(
        Asked(invitation=receiver, due_reading=row, handover=handover) for row in rows
    )
    if asked:
        Notice.objects.create(
            invitation=receiver,
            what=Notice.What.HANDED,
            states=receiver.asks_until,
            owed_at=now,
            handover=handover,
        )


def _give_to(other: Handover, ended: Handover) -> None:
    """What another person handed to the same colleague too stays hers."""
    rows = handed.passable(other.sender).filter(handed.rows_of(other.device or other.site))
    ended.asked.filter(due_reading__in=rows).update(handover=other)
