"""The order in which rows are locked, everywhere: Campaign, Invitation, DueReading, Notice, Mail, each by id."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from releveur.campaigns.models import Campaign, DueReading, Invitation


def share(campaigns: Iterable[int]) -> None:
    """Keep these campaigns in their state until the transaction ends; many may share them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM campaigns_campaign WHERE id = ANY(%s) ORDER BY id FOR SHARE",
            [sorted(campaigns)],
        )


def hold(campaign: int) -> Campaign:
    """Hold one campaign alone: nobody answers, is added or is reminded meanwhile."""
    return Campaign.objects.select_for_update(of=("self",)).get(pk=campaign)


def hold_invitations(invitations: Iterable[int]) -> list[Invitation]:
    """Hold these invitations alone, by id."""
    rows = Invitation.objects.filter(pk__in=list(invitations)).order_by("pk")
    return list(rows.select_for_update(of=("self",)))


def hold_due_readings(due_readings: Iterable[int]) -> list[DueReading]:
    """Hold these rows alone, by id, with what the verbs look at."""
    rows = DueReading.objects.filter(pk__in=list(due_readings)).order_by("pk")
    rows = rows.select_related("meter__kind", "campaign", "installation__site", "reading")
    rows = rows.select_related("coverage__contract", "meter__device")
    return list(rows.select_for_update(of=("self",)))
