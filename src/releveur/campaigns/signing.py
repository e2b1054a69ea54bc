"""Somebody signs: from here on the basis never changes, and the ERP may invoice it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from releveur.audit.models import Action, Actor
from releveur.audit.writing import By, note
from releveur.campaigns import basis, closing, locks
from releveur.campaigns.models import BasisLine, Campaign, DueReading, Kind
from releveur.readings.models import Billed


class NotClosed(Exception):
    """Only a closed campaign is signed."""


class OnlyAsked(Exception):
    """A one-off request bills nothing: its reading is billed with the device's next campaign."""


class EarlierUnsigned(Exception):
    """An earlier campaign of the same meters waits for its own signature."""

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        super().__init__(", ".join(str(one) for one in campaigns))
        self.campaigns = campaigns


class NeverAsked(Exception):
    """Nobody was asked for these rows, or nobody could be reached: the office decides."""

    def __init__(self, rows: Sequence[DueReading]) -> None:
        super().__init__(f"{len(rows)} rows")
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Signed:
    """How many lines were signed, and the rows that stay blocked for want of a reading."""

    lines: int
    blocked: int


def sign(campaign: int, *, by: str, now: datetime, estimate_unasked: bool = False) -> Signed:
    """Freeze the basis of a closed campaign in one transaction.

    A row whose contract forbids estimates and that nobody read gets no line; its next net runs from
    the last billed index.

    :raises OnlyAsked: it is a one-off request
    :raises NotClosed: it is open, closing or signed already
    :raises EarlierUnsigned: an earlier campaign of these meters is not signed
    :raises NeverAsked: unless `estimate_unasked`, when nobody was really asked for some rows
    """
    with transaction.atomic():
        held = locks.hold(campaign)
        if held.kind == Kind.ONE_OFF:
            raise OnlyAsked
        if held.state != Campaign.State.CLOSED:
            raise NotClosed(held.state)
        _refuse_out_of_order(held)
        _settle_unasked(held, estimate=estimate_unasked, now=now)
        lines = basis.compute(held)
        stored = [basis.stored(held, line, position) for position, line in enumerate(lines, 1)]
        BasisLine.objects.bulk_create(stored, batch_size=5_000)
        Billed.objects.bulk_create([basis.billed(line) for line in lines], batch_size=5_000)
        held.state, held.signed_at, held.signed_by = Campaign.State.SIGNED, now, by
        held.save(update_fields=["state", "signed_at", "signed_by"])
        signed = Signed(len(lines), closing.empty(campaign).count())
        note(
            held, Action.SIGN, key=campaign, by=By(Actor.OFFICE, name=by), many=basis.digest(held),
            after={"blocked": signed.blocked, "estimate_unasked": estimate_unasked}, now=now,
        )  # fmt: skip
        return signed


def _refuse_out_of_order(campaign: Campaign) -> None:
    earlier = Campaign.objects.filter(
        kind=Kind.PERIODIC,
        due_until__lt=campaign.due_until,
        due_readings__meter__in=campaign.due_readings.values("meter"),
    ).exclude(state=Campaign.State.SIGNED)
    if found := list(earlier.distinct()):
        raise EarlierUnsigned(found)


def _settle_unasked(campaign: Campaign, *, estimate: bool, now: datetime) -> None:
    unasked = closing.never_asked(campaign.pk)
    if estimate:
        closing.estimate_all(unasked, now=now)
    elif rows := list(
        unasked.select_related("meter__device", "meter__kind", "installation__site__customer")
    ):
        raise NeverAsked(rows)
