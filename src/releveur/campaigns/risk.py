"""Whose estimates may be wrong by how much: whom to call first before the signature."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import BigIntegerField, Count, F, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from releveur.campaigns.models import Campaign, DueReading
from releveur.readings.models import Reading


@dataclass(frozen=True, slots=True)
class Risk:
    """One customer: devices with estimates, and the width of their intervals, in impressions."""

    code: str
    name: str
    devices: int
    impressions: int


def at_risk(campaign: Campaign, *, most: int) -> list[Risk]:
    """The customers with the most impressions between low and high of their estimates, worst first.

    Four real values of five lie inside. Estimates of version 1 have no interval and are left out.
    """
    rows = DueReading.objects.filter(
        campaign=campaign,
        reading__source=Reading.Source.SYSTEM,
        reading__explanation__has_keys=["low", "high"],
    )
    whole = BigIntegerField()
    customer = "installation__site__customer"
    found = (
        rows.annotate(
            width=Cast(KeyTextTransform("high", "reading__explanation"), whole)
            - Cast(KeyTextTransform("low", "reading__explanation"), whole)
        )
        .values(code=F(f"{customer}__code"), name=F(f"{customer}__name"))
        .annotate(devices=Count("meter__device", distinct=True), impressions=Sum("width"))
        .order_by("-impressions", "code")
    )
    return [Risk(**row) for row in found[:most]]
