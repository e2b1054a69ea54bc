"""What meters nobody read show, written down as readings that explain themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

import numpy as np
import orjson
from django.db.models import BooleanField, ExpressionWrapper, Q

from releveur import putting
from releveur.among import Among
from releveur.fleet.models import Meter
from releveur.readings import foreseeing, submission
from releveur.readings.columns import columns
from releveur.readings.foreseeing import Ahead
from releveur.readings.models import Billed, Quality, Reading
from releveur.rules import estimation, metering, reasons
from releveur.rules.curves import Whole
from releveur.rules.estimation import Estimate, Surroundings, iso
from releveur.rules.estimation_of_many import Past, Wanted, estimate_many

type Kinship = tuple[int, int]
"""Meters that print alike: the same device model and the same meter kind (primary keys)."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A meter nobody read, and the day for which a value is wanted."""

    meter: int
    on: date
    kinship: Kinship
    monthly_volume: int | None
    reason: Mapping[str, str] | None = None
    """Why nobody read it, per language, where somebody told."""


@dataclass(slots=True)
class ModelRates:
    """What is known of the meters of the same model and kind.

    :param until: readings after that day are left aside
    :param told: what a campaign tells of each kinship
    :param elsewhere: what it tells of any other
    """

    until: date = date.max
    told: Mapping[Kinship, Surroundings] = field(default_factory=dict)
    elsewhere: Surroundings | None = None
    _found: dict[Kinship, Fraction | None] = field(default_factory=dict)

    def around(self, kinship: Kinship) -> Surroundings | None:
        """None where no campaign is at hand."""
        return self.told.get(kinship, self.elsewhere)

    def of(self, kinship: Kinship) -> Fraction | None:
        """Median pages a day, found when first asked for; None where fewer than five meters speak for it."""
        if kinship not in self._found:
            self._found[kinship] = self._median(kinship)
        return self._found[kinship]

    def _median(self, kinship: Kinship) -> Fraction | None:
        model, kind = kinship
        readings = Reading.objects.standing().real().filter(taken_on__lte=self.until)
        kin = readings.filter(meter__device__model=model, meter__kind=kind)
        return estimation.model_daily(kin.histories().values())


def unread(meter: Meter, *, on: date, reason: Mapping[str, str] | None = None) -> Unread:
    """Say so of a meter that is at hand, with its device."""
    return Unread(
        meter.pk, on, (meter.device.model_id, meter.kind_id), meter.monthly_volume, reason
    )


def write(those: Sequence[Unread], *, rates: ModelRates, now: datetime) -> list[int]:
    """Write one estimated reading per meter, with method, version, inputs and words.

    :returns: the primary keys of the readings, in the order of `those`
    """
    past, segments = past_of([one.meter for one in those])
    billed = _billed([one.meter for one in those])
    wanted = [Wanted(one.on, billed.get(one.meter), one.monthly_volume) for one in those]
    found = estimate_many(
        past,
        wanted,
        model_daily=lambda place: rates.of(those[place].kinship),
        around=[rates.around(one.kinship) for one in those],
    )
    return _write(those, segments, found, now=now)


def foresee(
    those: Sequence[Unread],
    *,
    rates: ModelRates,
    known: Sequence[submission.Facts],
    now: datetime,
) -> list[Reading]:
    """The estimates as `write` would write them, unwritten, from a past that is at hand.

    :param known: the past of each, in the order of `those`
    """
    found = foreseeing.foresee(
        [Ahead(past, one.on) for one, past in zip(those, known, strict=True)],
        model_daily=lambda place: rates.of(those[place].kinship),
        around=[rates.around(one.kinship) for one in those],
    )
    return [_reading(*each, now) for each in zip(those, known, found, strict=True)]


def _reading(one: Unread, known: submission.Facts, found: Estimate, now: datetime) -> Reading:
    return Reading(
        meter_id=one.meter,
        segment=known.segment,
        taken_on=one.on,
        recorded_at=now,
        value=found.value,
        quality=Quality.ESTIMATED,
        source=Reading.Source.SYSTEM,
        explanation=_explanation(found, one.reason),
    )


def past_of(meters: Sequence[int]) -> tuple[Past, list[int]]:
    """What was really read of these meters, and the segment that each stands in."""
    standing = Reading.objects.standing().filter(Among("meter", meters))
    marked = standing.annotate(
        is_real=_is(~Q(quality=Quality.ESTIMATED)), is_agreed=_is(Q(quality=Quality.AGREED))
    )
    read = columns(
        marked,
        id="i8", meter_id="i8", segment="i2", taken_on="i4", value="i8", is_real="?", is_agreed="?",
    )  # fmt: skip
    rows, places = _placed(read["meter_id"], np.array(meters))
    order = np.lexsort((read["id"][rows], read["taken_on"][rows], read["segment"][rows], places))
    rows, places = rows[order], places[order]
    segment, day, value = (
        read[name][rows].astype(np.int64) for name in ("segment", "taken_on", "value")
    )
    segments = np.ones(len(meters), dtype=np.int64)
    segments[places] = segment
    past = Past(places, segment, day, value, read["is_agreed"][rows])
    return past.where(read["is_real"][rows]), segments.tolist()


def _placed(of: Whole, meters: Whole) -> tuple[Whole, Whole]:
    """Which row stands at which place, in any order.

    :param of: the meter of each row
    :param meters: the meter at each place; one may have several
    """
    order = np.argsort(meters, kind="stable")
    first = np.searchsorted(meters, of, side="left", sorter=order)
    times = np.searchsorted(meters, of, side="right", sorter=order) - first
    rows = np.repeat(np.arange(len(of)), times)
    again = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
    return rows, order[first[rows] + again]


def _billed(meters: Sequence[int]) -> dict[int, metering.Reading]:
    """The last index invoiced of each meter."""
    billed = Billed.objects.filter(Among("meter", meters)).order_by("meter_id", "-taken_on", "-id")
    rows = billed.distinct("meter_id").values_list(
        "meter_id", "taken_on", "value", "quality", "segment"
    )
    qualities = {one.value: one for one in metering.Quality}
    return {
        meter: metering.Reading(day, value, qualities[quality], segment)
        for meter, day, value, quality, segment in rows
    }


def _is(condition: Q) -> ExpressionWrapper[Q]:
    return ExpressionWrapper(condition, output_field=BooleanField())


COLUMNS = (
    "id", "meter_id", "segment", "taken_on", "recorded_at", "value", "explanation",
    "quality", "source", "occasion", "proposed",
)  # fmt: skip
WHAT = f"{Quality.ESTIMATED.value}\t{Reading.Source.SYSTEM.value}\t{Reading.Occasion.PERIODIC.value}\tf"


def _write(
    those: Sequence[Unread], segments: Sequence[int], found: Sequence[Estimate], *, now: datetime
) -> list[int]:
    numbers, moment = putting.draw(Reading, len(those)), str(now)
    putting.put_lines(
        Reading,
        COLUMNS,
        (
            f"{number}\t{one.meter}\t{segment}\t{iso(one.on)}\t{moment}\t{estimate.value}"
            f"\t{_json(estimate, one.reason)}\t{WHAT}\n"
            for number, one, segment, estimate in zip(numbers, those, segments, found, strict=True)
        ),
    )
    return numbers


def _json(found: Estimate, reason: Mapping[str, str] | None) -> str:
    return orjson.dumps(_explanation(found, reason)).decode().replace("\\", "\\\\")


def _explanation(found: Estimate, reason: Mapping[str, str] | None) -> dict[str, object]:
    words = reasons.words(found)
    if reason is not None:
        words = {language: f"{reason[language]} {said}" for language, said in words.items()}
    return {
        "method": found.method,
        "version": estimation.VERSION,
        "volume": found.volume,
        "low": found.low,
        "high": found.high,
        "inputs": found.inputs,
        "words": words,
    }
