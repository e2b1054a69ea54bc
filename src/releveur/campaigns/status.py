"""Where a campaign stands, in numbers that add up, and what waits for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Exists, Min, OuterRef

from releveur.campaigns import closing, due, mailing, office, risk
from releveur.campaigns.models import Asked, Campaign, Notice, ReceiptLine, problem_told
from releveur.fleet import answering_for
from releveur.fleet.models import Device, Installation
from releveur.outbox.models import Mail
from releveur.outbox.progress import minutes_left
from releveur.readings.models import Reading
from releveur.rules.schedule import PARIS

type Json = dict[str, object]

NAMED = 20
"""Customers left out, or at risk, that are named; the numbers count all."""


class Standing(StrEnum):
    """Where a device stands: the first that fits, in this order; together they are all devices due."""

    ALREADY_READ = "already_read"
    AUTOMATIC = "automatic"
    DECLARED = "declared"
    PARTIAL = "partial"
    REPORTED = "reported"
    BLOCKED = "blocked"
    ESTIMATED = "estimated"
    UNASKED = "unasked"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class _Row:
    """One due reading, as far as its device's standing goes."""

    device: int
    automatic: bool
    real: bool
    estimated: bool
    answered: bool
    estimation_allowed: bool
    reached: bool
    told: bool


def status(campaign: Campaign, *, now: datetime) -> Json:
    """The campaign as `campaign_status` prints it; a fixed number of queries."""
    standing = devices(campaign)
    counts = Counter(standing.values())
    return {
        "campaign": campaign.pk,
        "label": campaign.label,
        "kind": campaign.kind,
        "due_until": campaign.due_until.isoformat(),
        "state": campaign.state,
        "dates": _dates(campaign),
        "devices": {"due": len(standing), **{one.value: counts[one] for one in Standing}},
        "customers": _customers(campaign),
        "meters": campaign.due_readings.count(),
        "invitations": campaign.invitations.count(),
        "mails": _mails(campaign),
        "left_out": _left_out(campaign),
        "nobody_to_ask": nobody_to_ask(campaign),
        "at_risk": [asdict(one) for one in risk.at_risk(campaign, most=NAMED)],
        "tasks": office.tasks(campaign, now=now),
    }


def devices(campaign: Campaign) -> dict[int, Standing]:
    """Where each device due stands."""
    rows: dict[int, list[_Row]] = {}
    for row in _rows(campaign):
        rows.setdefault(row.device, []).append(row)
    asking = campaign.state in (Campaign.State.OPEN, Campaign.State.CLOSING)
    return {device: _standing(mine, asking=asking) for device, mine in rows.items()}


def _standing(rows: Sequence[_Row], *, asking: bool) -> Standing:
    read = [row.real for row in rows]
    empty = [row for row in rows if not row.real and not row.estimated]
    if all(read) and not any(row.answered for row in rows):
        return Standing.ALREADY_READ
    if all(row.automatic for row in rows):
        return Standing.AUTOMATIC
    if all(read):
        return Standing.DECLARED
    if any(read):
        return Standing.PARTIAL
    if asking and all(row.told for row in empty):
        return Standing.REPORTED
    if not asking and any(not row.estimation_allowed for row in empty):
        return Standing.BLOCKED
    if any(row.estimated for row in rows):
        return Standing.ESTIMATED
    return Standing.SILENT if all(row.reached for row in rows) else Standing.UNASKED


def _rows(campaign: Campaign) -> list[_Row]:
    rows = campaign.due_readings.annotate(
        answered=Exists(ReceiptLine.objects.filter(due_reading=OuterRef("pk"))),
        reached=closing.reached(),
        has_problem=problem_told(),
    ).values_list(
        "meter__device_id",
        "meter__device__mode",
        "reading__source",
        "answered",
        "coverage__contract__estimation_allowed",
        "reached",
        "has_problem",
    )
    return [
        _Row(
            device=device,
            automatic=mode == Device.Mode.AUTOMATIC,
            real=source is not None and source != Reading.Source.SYSTEM,
            estimated=source == Reading.Source.SYSTEM,
            answered=answered,
            estimation_allowed=allowed,
            reached=reached,
            told=told,
        )
        for device, mode, source, answered, allowed, reached, told in rows
    ]


def _customers(campaign: Campaign) -> int:
    codes = campaign.due_readings.values("installation__site__customer")
    return codes.order_by().distinct().count()


def _left_out(campaign: Campaign) -> Json:
    """What is due up to the same day and was asked of nobody: after a pilot, the rest of the fleet."""
    rows = due.left_out(campaign)
    codes = sorted({row.installation.site.customer.code for row in rows})
    devices = {row.meter.device_id for row in rows}
    return {"customers": len(codes), "devices": len(devices), "codes": codes[:NAMED]}


def _dates(campaign: Campaign) -> Json:
    first = campaign.invitations.aggregate(
        reminder_1=Min("reminder_1_at"),
        reminder_2=Min("reminder_2_at"),
        reminder_3=Min("reminder_3_at"),
    )
    dates: dict[str, datetime | None] = {
        **first, "closes_at": campaign.closes_at, "paused_at": campaign.paused_at
    }  # fmt: skip
    return {name: at.astimezone(PARIS).isoformat() if at else None for name, at in dates.items()}


def _mails(campaign: Campaign) -> Json:
    """Every mail this campaign owes or owed to the people it asks."""
    mine = mailing.of_campaign(campaign)
    by_state = dict(mine.order_by().values_list("state").annotate(Count("pk")))
    notices = Notice.objects.filter(invitation__campaign=campaign, mail=None)
    unwritten = notices.filter(withheld_at=None).count()
    withheld = notices.exclude(withheld_at=None).count()
    owed = by_state.get(Mail.State.OWED, 0) + unwritten
    return {
        "owed": owed,
        "minutes_left": minutes_left(owed),
        "sent": by_state.get(Mail.State.SENT, 0),
        "withheld": by_state.get(Mail.State.WITHHELD, 0) + withheld,
        "failed": by_state.get(Mail.State.FAILED, 0),
        "bounced": mine.filter(bounces__isnull=False).distinct().count(),
    }


def nobody_to_ask(campaign: Campaign) -> list[Json]:
    """Devices asked by mail that nobody with an address answers for, with the nearest phone."""
    rows = campaign.due_readings.unanswered().filter(meter__device__mode=Device.Mode.ASKED)
    stays = Installation.objects.filter(
        due_readings__in=rows.exclude(Exists(Asked.objects.filter(due_reading=OuterRef("pk"))))
    ).select_related("site__customer", "device")
    found = list(stays.distinct().order_by("site__customer__code", "device__serial"))
    phones = answering_for.phones(found)
    return [
        {"code": one.site.customer.code, "serial": one.device.serial, "phone": phones[one.pk]}
        for one in found
    ]
