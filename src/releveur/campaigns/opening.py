"""A campaign opens: what is due is written down, whoever answers for it is invited."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q

from releveur.audit.models import Action
from releveur.audit.writing import OFFICE, By, note
from releveur.campaigns import due, filling, late, locks, reminding
from releveur.campaigns.due import Picture
from releveur.campaigns.models import Asked, Campaign, DueReading, Invitation, Kind, Notice
from releveur.dealer.closures import closed_days
from releveur.fleet import answering_for
from releveur.fleet.models import Device
from releveur.outbox import keys
from releveur.rules import schedule
from releveur.rules.schedule import Plan

AHEAD = timedelta(days=31)
ONE_AT_A_TIME = 7_021_304


class TooFarAhead(Exception):
    """A campaign asks for readings at most 31 days before they are due."""


class AlreadyClosed(Exception):
    """The campaign of this date has closed: sign it, then open another date."""


@dataclass(frozen=True, slots=True)
class Opened:
    campaign: Campaign
    picture: Picture
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
    picture = due.picture(due_until, only=only)
    if picture.due and campaign.state != Campaign.State.OPEN:
        raise AlreadyClosed
    rows = _write_due(campaign, picture)
    meters, here = [row.meter_id for row in rows], DueReading.objects.filter(campaign=campaign)
    locks.hold_whole(lambda: late.proposed(meters) | filling.lenders(here))
    late.take_proposals(meters, now=now)
    filling.fill(campaign.pk, now=now)
    invite(campaign, _to_ask(rows), plan=plan, now=now)
    reminding.follow_deadlines(campaign, now=now)
    opened = {"due_until": due_until, "added": len(rows), "pilot": only is not None}
    note(campaign, Action.OPEN, key=campaign.pk, by=by, after=opened, now=now)
    return Opened(campaign, picture, len(rows))


def wait_for_other_openings() -> None:
    """One opening at a time, to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


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


def _write_due(campaign: Campaign, picture: Picture) -> list[DueReading]:
    return DueReading.objects.bulk_create(
        [
            DueReading(
                campaign=campaign,
                kind=campaign.kind,
                meter=one.meter,
                due_on=one.due_on,
                coverage=one.coverage,
                installation=one.installation,
                final=one.final,
            )
            for one in picture.due
        ],
        batch_size=5_000,
    )


def _to_ask(rows: Sequence[DueReading]) -> list[DueReading]:
    """Rows of devices asked by mail that still miss a value the customer is shown."""
    fresh = DueReading.objects.filter(
        pk__in=[row.pk for row in rows], meter__asked=True, meter__device__mode=Device.Mode.ASKED
    ).select_related("meter", "installation__site")
    shown = list(fresh.order_by("pk"))
    missing = {row.meter.device_id for row in shown if row.reading_id is None}
    return [row for row in shown if row.meter.device_id in missing]


def invite(campaign: Campaign, rows: Sequence[DueReading], *, plan: Plan, now: datetime) -> None:
    """Invite whoever answers for these rows; a person already invited starts a new plan."""
    asked: dict[int, list[DueReading]] = defaultdict(list)
    answering = answering_for.contacts(
        {row.installation_id: row.installation for row in rows}.values()
    )
    for row in rows:
        for contact in answering[row.installation_id]:
            asked[contact].append(row)
    invitations = _invitations(campaign, asked, plan=plan, now=now)
    Asked.objects.bulk_create(
        [
            Asked(invitation=invitations[who], due_reading=row)
            for who, mine in asked.items()
            for row in mine
        ],
        batch_size=5_000,
    )
    Notice.objects.bulk_create(
        [
            Notice(invitation=one, what=Notice.What.INVITED, states=one.asks_until, owed_at=now)
            for one in invitations.values()
        ],
        ignore_conflicts=True,
        batch_size=5_000,
    )
    _owe_again(invitations.values(), now=now)


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


def _invitations(
    campaign: Campaign, contacts: Iterable[int], *, plan: Plan, now: datetime
) -> dict[int, Invitation]:
    known = {one.contact_id: one for one in campaign.invitations.filter(contact__in=list(contacts))}
    for one in known.values():
        _give(one, plan, now)
    Invitation.objects.bulk_update(known.values(), _PLAN)
    fresh = [
        _invitation(campaign, contact, plan, now) for contact in contacts if contact not in known
    ]
    Invitation.objects.bulk_create(fresh, batch_size=5_000)
    return known | {one.contact_id: one for one in fresh}


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
