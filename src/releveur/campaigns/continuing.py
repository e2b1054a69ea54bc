"""The invitation of somebody who goes on where another was asked: a colleague, a successor."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef

from releveur.campaigns.models import Asked, Invitation, Problem
from releveur.customers.models import Contact
from releveur.outbox import keys

_PLAN = (
    "continues", "invited_at", "reminder_1_at", "reminder_2_at", "reminder_3_at", "asks_until",
)  # fmt: skip


def go_on(before: Invitation, *, contact: Contact, until: datetime, now: datetime) -> Invitation:
    """The person's invitation in the same campaign; the caller holds the campaign.

    A fresh one, or one that asks for nothing any more, goes on with the plan of `before`: what lay
    before `now` counts as done. Somebody who is asked already keeps her own plan.

    :param until: she is asked at least until then
    """
    campaign = before.campaign_id
    found = Invitation.objects.select_for_update(of=("self",)).filter(
        campaign=campaign, contact=contact
    )
    one = found.first()
    if one is None:
        one = Invitation(campaign_id=campaign, contact=contact)
        one.key_hash = keys.hashed(keys.make(one.uuid, one.link_version))
        _take(one, before, now)
        one.asks_until = until
        one.save()
        return one
    if not one.asked.exists():
        _take(one, before, now)
    one.asks_until = max(until, one.asks_until)
    one.save(update_fields=_PLAN)
    return one


def keep_problems(before: Invitation, *, to: Invitation, now: datetime) -> None:
    """What one told of devices that are asked of her no more is the other's to take back."""
    hers = Asked.objects.filter(invitation=before, due_reading__meter__device=OuterRef("device"))
    told = Problem.objects.filter(invitation=before, taken_back_at=None).exclude(Exists(hers))
    known = Problem.objects.filter(invitation=to, taken_back_at=None).values("device")
    told.filter(device__in=known).update(taken_back_at=now)
    told.update(invitation=to)


def _take(one: Invitation, before: Invitation, now: datetime) -> None:
    one.continues, one.invited_at = before, now
    one.reminder_1_at = before.reminder_1_at
    one.reminder_2_at = before.reminder_2_at
    one.reminder_3_at = before.reminder_3_at
