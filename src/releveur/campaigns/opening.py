"""A campaign opens: what is due is written down, whoever answers for it is invited."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F, Max, Q, QuerySet

from releveur import turns
from releveur.audit.models import Action
from releveur.audit.writing import OFFICE, By, note
from releveur.campaigns import filling, late, locks, owing, reminding
from releveur.campaigns.models import Campaign, DueReading, Invitation, Kind, Notice
from releveur.campaigns.owing import Owed
from releveur.dealer.closures import closed_days
from releveur.fleet import answering_for
from releveur.fleet.answering_for import Place
from releveur.fleet.models import Device
from releveur.outbox import keys
from releveur.rules import schedule
from releveur.rules.schedule import Plan
from releveur.turns import Turn

AHEAD = timedelta(days=31)


class TooFarAhead(Exception):
    """A campaign asks for readings at most 31 days before they are due."""


class AlreadyClosed(Exception):
    """The campaign of this date has closed: sign it, then open another date."""


@dataclass(frozen=True, slots=True)
class Opened:
    campaign: Campaign
    owed: Owed
    added: int


@transaction.atomic
def open_campaign(
    due_until: date,
    *,
    now: datetime,
    label: str = "",
    only: Collection[str] | None = None,
    by: By = OFFICE,
) -> Opened:
    """Ask for every reading due up to a day; opening the same day again adds what is not yet in.

    :raises TooFarAhead: the day is more than 31 days away
    :raises AlreadyClosed: the running campaign of that day asks nobody any more
    """
    if due_until > now.astimezone(schedule.PARIS).date() + AHEAD:
        raise TooFarAhead
    wait_for_other_openings()
    plan = schedule.plan(now, closed_days())
    campaign = _campaign(due_until, label=label, plan=plan, now=now)
    owed = owing.owed(due_until, only=only)
    if campaign.state != Campaign.State.OPEN and owed.is_anything():
        raise AlreadyClosed
    here = DueReading.objects.filter(campaign=campaign)
    last = here.aggregate(last=Max("pk"))["last"] or 0
    added = owed.write(campaign)
    # Openings wait for each other: what stands behind the last row is ours.
    fresh = here.filter(pk__gt=last)
    meters = fresh.values_list("meter", flat=True)
    locks.hold_whole(lambda: late.proposed(meters.all()) | filling.lenders(here))
    late.take_proposals(meters, now=now)
    filling.fill(campaign.pk, now=now)
    invite(campaign, _to_ask(fresh), plan=plan, now=now)
    reminding.follow_deadlines(campaign, now=now)
    opened = {"due_until": due_until, "added": added, "pilot": only is not None}
    note(campaign, Action.OPEN, key=campaign.pk, by=by, after=opened, now=now)
    return Opened(campaign, owed, added)


def wait_for_other_openings() -> None:
    """One opening at a time, to the end of the transaction."""
    turns.wait(Turn.OPENING)


def _campaign(due_until: date, *, label: str, plan: Plan, now: datetime) -> Campaign:
    running = Campaign.objects.filter(kind=Kind.PERIODIC, due_until=due_until)
    found = running.exclude(state=Campaign.State.SIGNED).first()
    lending = {*late.proposed().values(), *filling.lenders().values()}
    if found is not None:
        held = locks.hold(found.pk, sharing=lending)
        if held.state != Campaign.State.SIGNED:
            return held
    locks.share(lending)
    return Campaign.objects.create(
        label=label, due_until=due_until, opened_at=now, closes_at=plan.asks_until
    )


def _to_ask(fresh: QuerySet[DueReading]) -> list[Row]:
    """Rows of devices asked by mail that still miss a value the customer is shown."""
    shown = fresh.filter(meter__asked=True, meter__device__mode=Device.Mode.ASKED)
    missing = shown.filter(reading=None).values("meter__device")
    return rows_of(shown.filter(meter__device__in=missing))


class Row(NamedTuple):
    """A row of somebody's list, and where its device stood."""

    pk: int
    place: Place


def rows_of(rows: QuerySet[DueReading]) -> list[Row]:
    """Lean, for a campaign has hundreds of thousands."""
    columns = rows.order_by("pk").values_list(
        "pk", "installation_id", "meter__device_id", "installation__site_id",
        "installation__site__customer_id",
    )  # fmt: skip
    return [Row(pk, Place(*place)) for pk, *place in columns.iterator(10_000)]


def invite(campaign: Campaign, rows: Sequence[Row], *, plan: Plan, now: datetime) -> None:
    """Invite whoever answers for these rows; a person already invited starts a new plan."""
    answering = answering_for.contacts({row.place for row in rows})
    who = {contact: None for row in rows for contact in answering[row.place.pk]}
    known = _asked_before(campaign, who, plan=plan, now=now)
    fresh = [_invitation(campaign, one, plan, now) for one in who if one not in known]
    Invitation.objects.bulk_create(fresh, batch_size=5_000)
    invitations = known | {one.contact_id: one for one in fresh}
    ids = {contact: one.pk for contact, one in invitations.items()}
    with connection.cursor() as cursor, cursor.copy(ASKED) as copy:
        for row in rows:
            for contact in answering[row.place.pk]:
                copy.write_row((ids[contact], row.pk))
    Notice.objects.bulk_create(
        [
            Notice(invitation=one, what=Notice.What.INVITED, states=one.asks_until, owed_at=now)
            for one in invitations.values()
        ],
        ignore_conflicts=True,
        batch_size=5_000,
    )
    _owe_again(known.values(), now=now)


ASKED = "COPY campaigns_asked (invitation_id, due_reading_id) FROM STDIN"


def _owe_again(invitations: Iterable[Invitation], *, now: datetime) -> None:
    """Whoever was asked before, until the same day, gets a mail that names all of it; its old text,
    where it has not left, never does.
    """
    said = Q(mail__isnull=False) | Q(withheld_at__isnull=False)
    before = Notice.objects.filter(said, invitation__in=invitations, what=Notice.What.INVITED)
    same = before.filter(states=F("invitation__asks_until"))
    again = Notice.objects.filter(pk__in=list(same.values_list("pk", flat=True)))
    reminding.withhold(again, now=now)
    again.update(mail=None, withheld_at=None, owed_at=now)


def _asked_before(
    campaign: Campaign, contacts: Collection[int], *, plan: Plan, now: datetime
) -> dict[int, Invitation]:
    """Whom of these the campaign asks already; they are given the new plan."""
    known = {
        one.contact_id: one for one in campaign.invitations.all() if one.contact_id in contacts
    }
    for one in known.values():
        _give(one, plan, now)
    Invitation.objects.bulk_update(known.values(), _PLAN)
    return known


_PLAN = ["invited_at", "reminder_1_at", "reminder_2_at", "reminder_3_at", "asks_until"]


def _invitation(campaign: Campaign, contact: int, plan: Plan, now: datetime) -> Invitation:
    one = Invitation(campaign=campaign, contact_id=contact, uuid=uuid.uuid4())
    one.key_hash = keys.hashed(keys.make(one.uuid, one.link_version))
    _give(one, plan, now)
    return one


def _give(one: Invitation, plan: Plan, now: datetime) -> None:
    one.invited_at = now
    one.reminder_1_at, one.reminder_2_at, one.reminder_3_at = plan.reminders
    one.asks_until = max(plan.asks_until, one.asks_until or plan.asks_until)
