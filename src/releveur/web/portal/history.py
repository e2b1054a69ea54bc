"""What was read of a device while it stood at this customer's: as a table, and as a small picture of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from django.db.models import Q

from releveur.fleet.models import Installation, MeterKind
from releveur.readings.models import Quality, Reading

MOST_READINGS = 60
"""Of one device; the office has the older ones."""

MOST_BARS = 12
WIDTH, HEIGHT, GAP = 240, 56, 4


@dataclass(frozen=True, slots=True)
class Line:
    """One reading, and the impressions since the one before it, where they can be told."""

    reading: Reading
    volume: int | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One period of the picture, in its own units; hollow where the volume is estimated."""

    x: int
    y: int
    width: int
    height: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class Past:
    """One meter's history, the newest reading first."""

    kind: MeterKind
    lines: Sequence[Line]
    bars: Sequence[Bar]


def readings(devices: Collection[int]) -> dict[int, list[Reading]]:
    """What counts of each device, the newest first, in one query; an estimate that was replaced does not."""
    replaced = Q(source=Reading.Source.SYSTEM, fills=None, billed=None)
    rows = (
        Reading.objects.standing()
        .filter(meter__device__in=devices, meter__asked=True)
        .exclude(replaced)
        .select_related("meter__kind")
        .order_by("-taken_on", "meter__kind__position", "meter__kind__code", "-segment", "-pk")
    )
    found: dict[int, list[Reading]] = defaultdict(list)
    for row in rows:
        found[row.meter.device_id].append(row)
    return found


def there(stay: Installation, of_device: Iterable[Reading]) -> list[Reading]:
    """Those of its time in this place: what was read elsewhere is somebody else's."""
    return list(islice((one for one in of_device if _within(stay, one)), MOST_READINGS))


def past(stay: Installation) -> list[Past]:
    """The history of each meter of a device in this place."""
    by_meter: dict[int, list[Reading]] = defaultdict(list)
    for reading in there(stay, readings([stay.device_id])[stay.device_id]):
        by_meter[reading.meter_id].append(reading)
    return [_past(mine) for mine in by_meter.values()]


def _past(newest_first: Sequence[Reading]) -> Past:
    lines = [Line(now, _volume(before, now)) for now, before in pairwise(newest_first)]
    lines.append(Line(newest_first[-1], None))
    return Past(newest_first[0].meter.kind, lines, _bars(lines))


def _volume(before: Reading, now: Reading) -> int | None:
    return now.value - before.value if now.segment == before.segment else None


def _bars(newest_first: Sequence[Line]) -> list[Bar]:
    """The latest periods, the newest at the right, each as high as its share of the highest."""
    told = [line for line in newest_first if line.volume is not None][:MOST_BARS][::-1]
    highest = max((line.volume or 0 for line in told), default=0)
    if highest <= 0:
        return []
    slot = WIDTH // MOST_BARS
    begin = WIDTH - slot * len(told) + GAP // 2
    return [
        _bar(line, begin + number * slot, slot - GAP, highest) for number, line in enumerate(told)
    ]


def _bar(line: Line, x: int, width: int, highest: int) -> Bar:
    height = max(1, HEIGHT * max(0, line.volume or 0) // highest)
    estimated = line.reading.quality == Quality.ESTIMATED
    return Bar(x, HEIGHT - height, width, height, estimated)


def _within(stay: Installation, reading: Reading) -> bool:
    if stay.since is not None and reading.taken_on < stay.since:
        return False
    if stay.until is None or reading.taken_on < stay.until:
        return True
    return reading.taken_on == stay.until and reading.occasion == Reading.Occasion.REMOVAL
