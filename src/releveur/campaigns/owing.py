"""What a whole fleet owes, written at once: the days by the rules of `due`, the meters by the database.

`due.picture` draws the same from whole rows, for those who look at it; an opening of hundreds of thousands of
meters has no time for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, cast

from django.db import connection
from django.db.models import Q

from releveur.campaigns import due
from releveur.campaigns.models import Campaign
from releveur.contracts.models import Coverage
from releveur.fleet.models import Device, Installation

OWING = """
    FROM unnest(%s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::boolean[])
        WITH ORDINALITY AS owed(device, due_on, coverage, installation, final, place)
    JOIN fleet_meter AS meter ON meter.device_id = owed.device AND meter.billed
    JOIN fleet_meterkind AS kind ON kind.id = meter.kind_id
    WHERE NOT EXISTS (SELECT FROM campaigns_duereading AS asked
            WHERE asked.meter_id = meter.id AND asked.kind = 'PERIODIC' AND asked.due_on >= owed.due_on)
        AND NOT EXISTS (SELECT FROM readings_billed AS billed
            WHERE billed.meter_id = meter.id AND billed.taken_on >= owed.due_on)
"""
"""The billed meters of these devices, those asked or billed on that day or later left out."""

WRITE = f"""
    INSERT INTO campaigns_duereading (campaign_id, kind, meter_id, due_on, coverage_id, installation_id, final)
    SELECT %s, %s, meter.id, owed.due_on, owed.coverage, owed.installation, owed.final {OWING}
    ORDER BY owed.place, kind.position, kind.code
"""
ANY = f"SELECT EXISTS (SELECT 1 {OWING})"


class Due(NamedTuple):
    """A device owes the readings of its meters on one day, under this coverage, at this installation."""

    device: int
    due_on: date
    coverage: int
    installation: int
    final: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """What an opening would ask, device by device, and the devices under contract that stand nowhere."""

    due: Sequence[Due]
    nowhere: Sequence[int]

    def is_anything(self) -> bool:
        """Whether any meter owes a reading."""
        with connection.cursor() as cursor:
            cursor.execute(ANY, self._columns())
            return bool(cursor.fetchone()[0])

    def write(self, campaign: Campaign) -> int:
        """Write a row for each meter; how many there were."""
        with connection.cursor() as cursor:
            cursor.execute(WRITE, [campaign.pk, campaign.kind, *self._columns()])
            return int(cursor.rowcount)

    def serials_nowhere(self) -> list[str]:
        """In the order of the fleet."""
        serials = dict(Device.objects.filter(pk__in=self.nowhere).values_list("pk", "serial"))
        return [serials[device] for device in self.nowhere]

    def _columns(self) -> list[list[object]]:
        columns = [list(column) for column in zip(*self.due, strict=True)]
        return columns or [[] for _column in Due._fields]


class _Contract(NamedTuple):
    customer_id: int
    first_due_on: date | None
    months: int
    since: date | None
    until: date | None


class _Covered(NamedTuple):
    """A coverage, as far as its days depend on it."""

    pk: int
    device_id: int
    since: date | None
    until: date | None
    contract: _Contract


class _Site(NamedTuple):
    customer_id: int


class _Stay(NamedTuple):
    pk: int
    since: date | None
    until: date | None
    site: _Site


def owed(until: date, *, only: Collection[str] | None = None) -> Owed:
    """Find what is due up to `until`; which meters were asked before, the database knows.

    :param only: customer codes or serials; None means everybody
    """
    installations = _installations(only)
    found: list[Due] = []
    nowhere: list[int] = []
    for coverage in _coverages(only):
        stays = installations.get(coverage.device_id, ())
        day = due._due_day(cast("Coverage", coverage), stays, until)  # noqa: SLF001  # its one rule
        if day is None:
            continue
        place = due._place(stays, *day)  # noqa: SLF001  # as above
        if place is None:
            nowhere.append(coverage.device_id)
        else:
            found.append(Due(coverage.device_id, day[0], coverage.pk, place.pk, day[1]))
    return Owed(found, nowhere)


def _coverages(only: Collection[str] | None) -> list[_Covered]:
    rows = Coverage.objects.filter(contract__first_due_on__isnull=False)
    rows = rows.exclude(device__mode=Device.Mode.NONE)
    if only is not None:
        rows = rows.filter(Q(contract__customer__code__in=only) | Q(device__serial__in=only))
    columns = rows.order_by("contract__customer__code", "device__serial", "since").values_list(
        "pk", "device_id", "since", "until", "contract__customer_id", "contract__first_due_on",
        "contract__months", "contract__since", "contract__until",
    )  # fmt: skip
    return [
        _Covered(row[0], row[1], row[2], row[3], _Contract(*row[4:]))
        for row in columns.iterator(10_000)
    ]


def _installations(only: Collection[str] | None) -> Mapping[int, Sequence[Installation]]:
    found: dict[int, list[Installation]] = defaultdict(list)
    rows = Installation.objects.all()
    if only is not None:
        named = Q(coverages__contract__customer__code__in=only) | Q(serial__in=only)
        rows = rows.filter(device__in=Device.objects.filter(named).values("pk"))
    columns = rows.order_by("device_id", "since").values_list(
        "device_id", "pk", "since", "until", "site__customer_id"
    )
    for device, pk, since, until, customer in columns.iterator(10_000):
        stay = _Stay(pk, since, until, _Site(customer))
        found[device].append(cast("Installation", stay))
    return found
