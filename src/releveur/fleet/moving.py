"""A device leaves a place, another takes it: only where things stand, not who pays nor what they showed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import F, Q

from releveur.fleet.models import Device, Installation, Respondent


class StandsNowhere(Exception):
    """The device was never installed."""


class LeftAlready(Exception):
    """The device left its last place before."""

    def __init__(self, left_on: date) -> None:
        super().__init__(left_on)
        self.day = f"{left_on:%d/%m/%Y}"


class CameLater(Exception):
    """The device came to its place after that day."""

    def __init__(self, since: date) -> None:
        super().__init__(since)
        self.day = f"{since:%d/%m/%Y}"


class StandsElsewhere(Exception):
    """The device stands, or will stand, in another place."""

    def __init__(self, stay: Installation) -> None:
        super().__init__(stay)
        self.serial = stay.device.serial
        self.site = str(stay.site)


def retire(device: Device, *, on: date) -> Installation:
    """End a device's stay: it stands there before that day, not from it on.

    :raises StandsNowhere: it was never installed
    :raises LeftAlready: its last stay has an end
    :raises CameLater: it came after that day
    """
    stays = list(
        device.installations.select_related("site__customer").select_for_update(of=("self",))
    )
    stay = max(stays, key=lambda one: one.since or date.min, default=None)
    if stay is None:
        raise StandsNowhere
    if stay.until is not None:
        raise LeftAlready(stay.until)
    if stay.since is not None and on < stay.since:
        raise CameLater(stay.since)
    stay.until = on
    stay.save(update_fields=["until"])
    return stay


def left_on(stays: Iterable[Installation]) -> dict[int, date]:
    """Per stay that ended, the day its device left the customer (with their sites loaded).

    None of those it left for another site of the same customer, where it stands to this day.
    """
    ended = [(stay, stay.until) for stay in stays if stay.until is not None]
    if not ended:
        return {}
    after = {
        (device, customer, since): until
        for device, customer, since, until in Installation.objects.filter(
            device__in={stay.device_id for stay, _day in ended}, since__isnull=False
        )
        .exclude(until=F("since"))
        .values_list("device_id", "site__customer_id", "since", "until")
    }
    found: dict[int, date] = {}
    for stay, end in ended:
        day: date | None = end
        while day and (there := (stay.device_id, stay.site.customer_id, day)) in after:
            day = after[there]
        if day:
            found[stay.pk] = day
    return found


def stand_in(device: Device, *, replaces: Installation, since: date) -> Installation:
    """Put a device in the place another leaves; who answered for that very one answers for this one.

    :raises StandsElsewhere: it stands somewhere on that day or later
    """
    later = Q(until=None) | Q(until__gt=since)
    if stay := device.installations.filter(later).select_related("site", "device").first():
        raise StandsElsewhere(stay)
    answering = Respondent.objects.filter(device=replaces.device_id).order_by("pk")
    Respondent.objects.bulk_create(
        [Respondent(contact_id=one.contact_id, device=device) for one in answering],
        ignore_conflicts=True,
    )
    return Installation.objects.create(
        device=device,
        site=replaces.site,
        location=replaces.location,
        since=since,
        kind=replaces.kind,
        replaces=replaces,
    )
