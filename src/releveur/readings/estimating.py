"""What meters nobody read show, written down as readings that explain themselves."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from django.db import connection

from releveur.fleet.models import Meter
from releveur.readings import submission
from releveur.readings.models import Quality, Reading
from releveur.rules import estimation


@dataclass(frozen=True, slots=True)
class Unread:
    """A meter nobody read, and the day for which a value is wanted."""

    meter: Meter
    on: date
    reason: Mapping[str, str] | None = None
    """Why nobody read it, per language, where somebody told."""


type Kinship = tuple[int, int]
"""Meters that print alike: the same device model and the same meter kind (primary keys)."""


def model_rates(meters: Sequence[Meter], *, until: date = date.max) -> dict[Kinship, Fraction]:
    """Median pages a day of the meters of the same model and kind; 5 meters at least speak for it.

    :param until: readings after that day are left aside
    """
    wanted = {_kinship(meter) for meter in meters}
    models = {model for model, _kind in wanted}
    kin = Meter.objects.filter(device__model__in=models).select_related("device")
    relatives = {meter.pk: _kinship(meter) for meter in kin}
    readings = Reading.objects.standing().real().filter(meter__in=relatives, taken_on__lte=until)
    histories = readings.histories()
    by_kinship = defaultdict(list)
    for meter, history in histories.items():
        by_kinship[relatives[meter]].append(history)
    rates = {kinship: estimation.model_daily(by_kinship[kinship]) for kinship in wanted}
    return {kinship: rate for kinship, rate in rates.items() if rate is not None}


def estimate(
    unread: Sequence[Unread], *, rates: Mapping[Kinship, Fraction], now: datetime
) -> dict[int, Reading]:
    """Write one estimated reading per meter, with method, version, inputs and words.

    :param rates: from `model_rates`, for meters without a past of their own
    :returns: the readings written, per meter
    """
    readings = foresee(unread, rates=rates, now=now)
    _write(readings)
    return {reading.meter_id: reading for reading in readings}


def foresee(
    unread: Sequence[Unread],
    *,
    rates: Mapping[Kinship, Fraction],
    known: Mapping[int, submission.Facts] | None = None,
    now: datetime,
) -> list[Reading]:
    """The estimates as `estimate` would write them, unwritten.

    :param known: the past of each meter, where another one than that of today is meant
    """
    if known is None:
        known = submission.facts([one.meter for one in unread])
    return [
        _reading(one, known[one.meter.pk], rates.get(_kinship(one.meter)), now) for one in unread
    ]


def _reading(one: Unread, known: submission.Facts, rate: Fraction | None, now: datetime) -> Reading:
    found = estimation.estimate(
        known.history,
        on=one.on,
        billed=known.billed[-1] if known.billed else None,
        monthly_volume=known.monthly_volume,
        model_daily=rate,
    )
    return Reading(
        meter=one.meter,
        segment=known.segment,
        taken_on=one.on,
        recorded_at=now,
        value=found.value,
        quality=Quality.ESTIMATED,
        source=Reading.Source.SYSTEM,
        explanation={
            "method": found.method,
            "version": estimation.VERSION,
            "volume": found.volume,
            "inputs": found.inputs,
            "words": _words(found, one.reason),
        },
    )


def _write(readings: Sequence[Reading]) -> None:
    """By COPY, with numbers drawn before: a close writes hundreds of thousands."""
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS, [len(readings)])
        for reading, (number,) in zip(readings, cursor.fetchall(), strict=True):
            reading.pk = number
        with cursor.copy(COPY) as copy:
            for one in readings:
                copy.write_row((
                    one.pk, one.meter_id, one.segment, one.taken_on, one.recorded_at, one.value,
                    str(one.quality), str(one.source), str(one.occasion), one.proposed,
                    json.dumps(one.explanation, ensure_ascii=False),
                ))  # fmt: skip


NUMBERS = """
    SELECT nextval(pg_get_serial_sequence('readings_reading', 'id')) FROM generate_series(1, %s)
"""
COPY = """
    COPY readings_reading (id, meter_id, segment, taken_on, recorded_at, value, quality, source, occasion, proposed,
        explanation) FROM STDIN
"""


def _words(found: estimation.Estimate, reason: Mapping[str, str] | None) -> dict[str, str]:
    words = estimation.words(found)
    if reason is None:
        return words
    return {language: f"{reason[language]} {said}" for language, said in words.items()}


def _kinship(meter: Meter) -> Kinship:
    return meter.device.model_id, meter.kind_id
