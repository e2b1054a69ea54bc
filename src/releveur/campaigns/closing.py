"""The close: nobody is asked any more, and whoever stayed silent is estimated, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from itertools import batched, chain, starmap
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from releveur import abreast
from releveur.among import Among
from releveur.audit.models import Action
from releveur.audit.writing import OFFICE, By, note
from releveur.campaigns import locks, nowcasting, pointing, reminding, reporting
from releveur.campaigns.models import Asked, Campaign, DueReading, Kind, Notice, Problem
from releveur.dealer.closures import closed_days
from releveur.fleet.models import Device
from releveur.outbox import bouncing
from releveur.outbox.models import Mail
from releveur.readings import estimating
from releveur.readings.estimating import ModelRates, Unread
from releveur.readings.models import Reading
from releveur.rules import schedule
from releveur.rules.schedule import Close

CHUNK = 10_000


class SomebodyIsSilent(Exception):
    """The deadline has not come and somebody who was asked has not answered."""


class NotOpen(Exception):
    """Only an open campaign closes."""


class StandsStill(Exception):
    """It was paused; it goes on first."""


def begin(campaign: int, *, now: datetime) -> bool:
    """Stop asking, if everybody's time is over; True when this call did it."""
    with transaction.atomic():
        held = locks.hold(campaign)
        if not held.is_asking or now < held.closes_at + schedule.GRACE:
            return False
        if not _everybodys_time_is_over(held, now=now):
            return False
        _stop_asking(held, now=now)
    return True


def close_early(campaign: int, *, by: By = OFFICE, now: datetime) -> None:
    """Close by the office's word.

    :raises SomebodyIsSilent: somebody asked owes a value, and the time promised is not over
    :raises NotOpen: it closed already
    :raises StandsStill: it is paused
    """
    with transaction.atomic():
        held = locks.hold(campaign)
        if held.state != Campaign.State.OPEN:
            raise NotOpen(held.state)
        if held.paused_at is not None:
            raise StandsStill(held.paused_at)
        silent = reminding.silent(held.invitations.all()).exists()
        if silent and not _everybodys_time_is_over(held, now=now + schedule.GRACE):
            raise SomebodyIsSilent
        _stop_asking(held, now=now)
        note(held, Action.CLOSE, key=campaign, by=by, now=now)
    finish(campaign, now=now)


def finish(campaign: int, *, now: datetime) -> int:
    """Estimate what is empty, chunk by chunk, then call the campaign closed; idempotent.

    What a contract forbids to estimate and what nobody was asked stays empty.

    :returns: how many meters were estimated by this call
    """
    estimated = estimate_all(may_be_estimated(campaign), now=now)
    with transaction.atomic():
        held = locks.hold(campaign)
        if held.state == Campaign.State.CLOSING:
            held.state = Campaign.State.CLOSED
            held.save(update_fields=["state"])
            _tell_the_silent(held, now=now)
    return estimated


def may_be_estimated(campaign: int) -> QuerySet[DueReading]:
    """Empty rows somebody was really asked for, whose contract allows an estimate.

    A one-off request estimates nothing: its device is due once more with the next campaign, and
    estimated there.
    """
    return (
        empty(campaign)
        .filter(kind=Kind.PERIODIC, coverage__contract__estimation_allowed=True)
        .filter(_asked_of_somebody_reached(campaign))
    )


def never_asked(campaign: int) -> QuerySet[DueReading]:
    """Empty rows nobody was asked for, or whose every mail was finally refused."""
    return (
        empty(campaign)
        .filter(kind=Kind.PERIODIC, coverage__contract__estimation_allowed=True)
        .exclude(_asked_of_somebody_reached(campaign))
    )


def empty(campaign: int) -> QuerySet[DueReading]:
    """Rows without any reading, of devices that stood there on the day due."""
    return DueReading.objects.held().filter(campaign=campaign, reading=None)


def estimate_the_gone(device: Device | None = None, *, now: datetime) -> int:
    """Estimate what devices that left owe to campaigns which have closed: their rows moved to that day.

    :param device: only this one
    """
    owed = DueReading.objects.filter(
        campaign__state=Campaign.State.CLOSED, final=True, reading=None
    )
    gone = Q(final=True) if device is None else Q(final=True, meter__device=device)
    return sum(
        estimate_all(may_be_estimated(pk).filter(gone), now=now)
        for pk in sorted(set(owed.filter(gone).values_list("campaign", flat=True)))
    )


def estimate_all(rows: QuerySet[DueReading], *, now: datetime) -> int:
    """Fill these rows of one campaign with estimates, `CHUNK` by `CHUNK`, a short transaction each.

    Its answers tell how this time differs.
    """
    ids = rows.order_by("pk").values_list("pk", flat=True)
    chunks = batched(ids.iterator(CHUNK), CHUNK)
    first = next(chunks, None)
    if first is None:
        return 0
    rates = nowcasting.rates(DueReading.objects.get(pk=first[0]).campaign_id)
    estimate = partial(_estimate, rates=rates, now=now)
    return sum(abreast.each(estimate, chain([first], chunks)))


class _Row(NamedTuple):
    """As few facts of a row as its estimate needs."""

    pk: int
    meter: int
    device: int
    due_on: date
    model: int
    kind: int
    monthly_volume: int | None
    read_on: date | None
    source: str | None


@transaction.atomic
def _estimate(chunk: Sequence[int], *, rates: ModelRates, now: datetime) -> int:
    these = DueReading.objects.filter(Among("pk", chunk))
    locks.share(these.order_by().values_list("campaign_id", flat=True).distinct())
    locks.hold_rows(chunk)
    rows, days = _facts(these, chunk)
    told = reporting.standing(chunk)
    unread = [
        Unread(
            row.meter,
            days.get((row.device, row.due_on), row.due_on),
            (row.model, row.kind),
            row.monthly_volume,
            _reason(told.get(row.pk)),
        )
        for row in rows
    ]
    readings = estimating.write(unread, rates=rates, now=now)
    pointing.point([row.pk for row in rows], readings)
    return len(rows)


def _facts(
    these: QuerySet[DueReading], chunk: Sequence[int]
) -> tuple[list[_Row], dict[tuple[int, date], date]]:
    """The rows of a chunk that are empty, and the days on which their devices' other meters were read.

    All rows of these devices, sorted out here: asked for the answered ones alone, the database walks
    through whatever the chunks before have filled.
    """
    of_devices = DueReading.objects.filter(
        campaign__in=these.values("campaign"), meter__device__in=these.values("meter__device")
    )
    found = of_devices.values_list(
        "pk", "meter_id", "meter__device_id", "due_on", "meter__device__model_id",
        "meter__kind_id", "meter__monthly_volume", "reading__taken_on", "reading__source",
    )  # fmt: skip
    rows = list(starmap(_Row, found))
    wanted = set(chunk)
    empty = [row for row in rows if row.read_on is None and row.pk in wanted]
    days = {
        (row.device, row.due_on): row.read_on
        for row in rows
        if row.read_on is not None and row.source != Reading.Source.SYSTEM
    }
    return sorted(empty), days


def _reason(problem: Problem | None) -> dict[str, str] | None:
    return reporting.reason(problem) if problem else None


def reached(*those: Q) -> Exists:
    """Whether a row is asked of somebody whom a mail reached, or may still reach.

    :param those: notices that count; all when there are none
    """
    return Exists(
        Notice.objects.filter(
            _arrives(),
            *those,
            invitation__asked__due_reading=OuterRef("pk"),
            what__in=reminding.ASKS,
        )
    )


def _asked_of_somebody_reached(campaign: int) -> Exists:
    """The same for a whole campaign: the persons first, which spares the database a wide join."""
    notices = Notice.objects.filter(
        _arrives(), invitation__campaign=campaign, what__in=reminding.ASKS
    )
    people = set(notices.values_list("invitation_id", flat=True))
    asked = Asked.objects.filter(Among("invitation", people), due_reading=OuterRef("pk"))
    return Exists(asked)


def _arrives() -> Q:
    on_its_way = Q(withheld_at=None) & (Q(mail=None) | ~Q(mail__state=Mail.State.FAILED))
    return (Q(mail__state=Mail.State.SENT) | on_its_way) & Q(~bouncing.came_back())


def _everybodys_time_is_over(campaign: Campaign, *, now: datetime) -> bool:
    """Whoever owes no more than a colleague handed her holds nothing up."""
    closures = closed_days()
    people = campaign.invitations.select_related("contact")
    facts = reminding.facts_of(people, in_their_own_right=True)
    return all(
        isinstance(schedule.due_step(one, closures=closures, now=now), Close)
        for one in facts.values()
    )


def _stop_asking(campaign: Campaign, *, now: datetime) -> None:
    """No request leaves after the close: what could not leave in time is taken back."""
    campaign.state = Campaign.State.CLOSING
    campaign.save(update_fields=["state"])
    reminding.withhold(Notice.objects.filter(invitation__campaign=campaign), now=now)


def _tell_the_silent(campaign: Campaign, *, now: datetime) -> None:
    estimated = DueReading.objects.held().filter(
        asked__invitation=OuterRef("pk"), reading__source=Reading.Source.SYSTEM
    )
    # One estimate is enough: asked whether there is any, the database would look for all of everybody's first.
    invitations = campaign.invitations.alias(one=Subquery(estimated.values("pk")[:1]))
    silent = invitations.filter(one__isnull=False).order_by("pk")
    told = silent.values_list("pk", "asks_until")
    for chunk in batched(told.iterator(CHUNK), CHUNK):
        Notice.objects.bulk_create(
            [
                Notice(invitation_id=pk, what=Notice.What.CLOSED, states=until, owed_at=now)
                for pk, until in chunk
            ],
            ignore_conflicts=True,
        )
