"""One device asked once, because it leaves or moves: the same mail, page and receipt, its own deadline.

A one-off request bills nothing and estimates nothing. What it brings is a real reading like any
other: it fills the row of the device's period that it fits, or of its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from releveur.audit.models import Action
from releveur.audit.writing import OFFICE, By, note
from releveur.campaigns import opening
from releveur.campaigns.models import Campaign, DueReading, Invitation, Kind
from releveur.contracts.models import Coverage
from releveur.dealer.closures import closed_days
from releveur.fleet.models import Device, Installation
from releveur.rules import schedule


class TooLate(Exception):
    """The day is over."""


class TooFarAhead(Exception):
    """A reading is asked for at most 31 days before its day."""


class StandsNowhere(Exception):
    """The device stands nowhere on that day."""


class NotCovered(Exception):
    """The device is under no contract on that day."""


class NothingShown(Exception):
    """None of its meters is shown to the customer."""


class NobodyToAsk(Exception):
    """Nobody who answers for the device has an address."""


class AskedAlready(Exception):
    """A one-off request for this device runs, or was made for the same day."""

    def __init__(self, campaign: Campaign) -> None:
        super().__init__(campaign.pk)
        self.number = campaign.pk
        self.day = f"{campaign.due_until:%d/%m/%Y}"


@dataclass(frozen=True, slots=True)
class Asked:
    campaign: Campaign
    people: list[str]
    """The addresses of those who are asked."""


@transaction.atomic
def ask(
    device: Device, *, why: Campaign.Why, before: date, by: By = OFFICE, now: datetime
) -> Asked:
    """Ask whoever answers for a device for its counters, until 18:00 of a day that does not move.

    :raises TooLate: that hour has passed
    :raises TooFarAhead: the day is more than 31 days away
    :raises AskedAlready: a request runs, or was made for that day
    :raises StandsNowhere: it stands at no customer's that day
    :raises NotCovered: it is under no contract that day
    :raises NothingShown: none of its meters is shown to the customer
    :raises NobodyToAsk: nobody who answers for it has an address
    """
    if before > now.astimezone(schedule.PARIS).date() + opening.AHEAD:
        raise TooFarAhead
    opening.wait_for_other_openings()
    _refuse_twice(device, before)
    campaign = _campaign(why, before, now=now)
    _write_due(campaign, device)
    asked = opening.rows_of(DueReading.objects.filter(campaign=campaign))
    opening.invite(campaign, asked, plan=_plan(before, now), now=now)
    invited = Invitation.objects.filter(campaign=campaign)
    people = list(invited.order_by("pk").values_list("contact__email", flat=True))
    if not people:
        raise NobodyToAsk
    after = {"campaign": campaign.pk, "until": before}
    note(device, Action.ASK, key=device.serial, by=by, after=after, why=why, now=now)
    return Asked(campaign, people)


def _refuse_twice(device: Device, day: date) -> None:
    running = Q(campaign__state__in=[Campaign.State.OPEN, Campaign.State.CLOSING])
    rows = DueReading.objects.filter(
        running | Q(due_on=day), kind=Kind.ONE_OFF, meter__device=device
    )
    if row := rows.select_related("campaign").order_by("-campaign_id").first():
        raise AskedAlready(row.campaign)


def _plan(day: date, now: datetime) -> schedule.Plan:
    try:
        return schedule.plan_until(now, day, closed_days())
    except ValueError:
        raise TooLate from None


def _campaign(why: Campaign.Why, day: date, *, now: datetime) -> Campaign:
    return Campaign.objects.create(
        kind=Kind.ONE_OFF,
        why=why,
        due_until=day,
        opened_at=now,
        closes_at=_plan(day, now).asks_until,
    )


def _write_due(campaign: Campaign, device: Device) -> None:
    """A row per meter shown, where the device stands and under the contract it has on the last day."""
    day = campaign.due_until
    reaches = Q(since=None) | Q(since__lte=day), Q(until=None) | Q(until__gte=day)
    stays = Installation.objects.filter(*reaches, device=device).select_related("site__customer")
    coverages = Coverage.objects.filter(*reaches, device=device)
    stay, coverage = stays.order_by("since").first(), coverages.order_by("since").first()
    meters = device.meters.filter(asked=True)
    if stay is None:
        raise StandsNowhere
    if coverage is None:
        raise NotCovered
    if not meters:
        raise NothingShown
    DueReading.objects.bulk_create(
        [
            DueReading(
                campaign=campaign, kind=Kind.ONE_OFF, meter=meter, due_on=day, coverage=coverage,
                installation=stay, final=campaign.why != Campaign.Why.MOVE,
            )
            for meter in meters
        ]
    )  # fmt: skip
