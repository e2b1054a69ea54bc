"""What the shop window shows: where the quarter stands, and which estimates a real value settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from releveur.campaigns import basis
from releveur.campaigns.models import Campaign
from releveur.ops.demo import preparing
from releveur.readings.models import Quality
from releveur.rules import schedule

MOST_LINES = 8
ESTIMATED = basis.NATURES[Quality.ESTIMATED]


class Stop(models.TextChoices):
    """The stops of a quarter, in order."""

    OPENING = "OPENING", _("Opening")
    REMINDER_1 = "REMINDER_1", _("First reminder")
    REMINDER_2 = "REMINDER_2", _("Second reminder")
    REMINDER_3 = "REMINDER_3", _("Third reminder")
    CLOSE = "CLOSE", _("Close")
    SIGNATURE = "SIGNATURE", _("Signature")
    NEXT_PERIOD = "NEXT_PERIOD", _("Next period")


@dataclass(frozen=True, slots=True)
class Settled:
    """One meter of the basis: what was estimated and billed, what it really showed, what follows."""

    customer_name: str
    model: str
    serial: str
    meter: str
    previous_value: int
    new_value: int
    net: int
    of_this_period: int
    regularisation: int


@dataclass(frozen=True, slots=True)
class Station:
    """One stop: when, and whether it lies behind; the signature's day is a person's choice."""

    stop: Stop
    at: datetime | None
    passed: bool
    here: bool = False


def timeline(campaign: Campaign, *, now: datetime) -> list[Station]:
    """The stops of a campaign; the last one passed is where we are."""
    first = campaign.invitations.aggregate(
        one=Min("reminder_1_at"), two=Min("reminder_2_at"), three=Min("reminder_3_at")
    )
    closed = campaign.state in (Campaign.State.CLOSED, Campaign.State.SIGNED)
    next_due = schedule.next_due(campaign.due_until, 3, after=campaign.due_until)
    stops = [
        (Stop.OPENING, campaign.opened_at, True),
        (Stop.REMINDER_1, first["one"], _behind(first["one"], now)),
        (Stop.REMINDER_2, first["two"], _behind(first["two"], now)),
        (Stop.REMINDER_3, first["three"], _behind(first["three"], now)),
        (Stop.CLOSE, campaign.closes_at, closed),
        (Stop.SIGNATURE, campaign.signed_at, campaign.signed_at is not None),
        (
            Stop.NEXT_PERIOD,
            datetime.combine(next_due, preparing.MORNING.time(), schedule.PARIS),
            False,
        ),
    ]
    last = max(number for number, (_stop, _at, passed) in enumerate(stops) if passed)
    return [
        Station(stop, at, passed, here=number == last)
        for number, (stop, at, passed) in enumerate(stops)
    ]


def _behind(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def settled(campaign: Campaign) -> list[Settled]:
    """Meters whose last billed index was an estimate and that were really read since, the largest first."""
    if campaign.state == Campaign.State.SIGNED:
        printed = list(campaign.basis_lines.values_list("printed", flat=True))
    else:
        printed = [basis.printed(line) for line in basis.compute(campaign)]
    found = [
        _settled(line)
        for line in printed
        if line["previous_nature"] == ESTIMATED and line["new_nature"] != ESTIMATED
    ]
    return sorted(found, key=lambda one: -abs(one.regularisation))[:MOST_LINES]


def _settled(line: Mapping[str, Any]) -> Settled:
    return Settled(**{name: line[name] for name in Settled.__slots__})
