"""What a campaign tells of the meters nobody read, from a sample of its rows: so many of each kin at most.

All its rows are walked through, a stretch at a time, as columns; the past is looked up of the sample
only. What it takes does not grow with the campaign.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Coalesce

from releveur.campaigns.models import DueReading, Kind
from releveur.fleet.models import DeviceModel
from releveur.readings import estimating
from releveur.readings.columns import Columns, columns
from releveur.readings.estimating import Kinship, ModelRates
from releveur.readings.models import Reading
from releveur.rules import nowcast
from releveur.rules.curves import Truth, Whole
from releveur.rules.surroundings import Surroundings

STRETCH = 50_000
ANSWERED, SILENT = 300, 100
"""How many meters of a kin are looked at."""

MOST = 20_000
"""How many in all; where there are more kin, of each fewer."""

WALKED = 100_000
"""So many rows are walked through at most, more or less; of a larger campaign, a part of all."""

_KIND_BITS = 20
_SHUFFLED = 0x9E3779B97F4A7C15
_DEALT, _DECK = 40_503, 65_536


def rates(campaign: int) -> ModelRates:
    """Say what the answers that a campaign has today tell of each kin."""
    some = _sampled(campaign)
    if not len(some.meters):
        return ModelRates()
    kinships, kin = np.unique(some.kin, return_inverse=True)
    past, _segments = estimating.past_of(some.meters.tolist())
    seen = nowcast.sample(past, some.days, answered=some.answered, kin=kin, kins=len(kinships))
    known = nowcast.learn(seen)
    speeds = dict(DeviceModel.objects.values_list("pk", "pages_a_minute"))
    *those, elsewhere = known
    told = {
        kinship: _with_speed(one, speeds.get(kinship[0]))
        for kinship, one in zip(map(_kinship, kinships.tolist()), those, strict=True)
    }
    return ModelRates(told=told, elsewhere=elsewhere)


@dataclass(frozen=True)
class _Rows:
    """Rows of a campaign, each with the day of its answer, or else the one it is due."""

    meters: Whole
    kin: Whole
    days: Whole
    answered: Truth

    def where(self, kept: Truth | Whole) -> _Rows:
        return _Rows(self.meters[kept], self.kin[kept], self.days[kept], self.answered[kept])

    def beside(self, others: _Rows) -> _Rows:
        return _Rows(
            np.append(self.meters, others.meters),
            np.append(self.kin, others.kin),
            np.append(self.days, others.days),
            np.append(self.answered, others.answered),
        )


def _sampled(campaign: int) -> _Rows:
    """The same ones each time: a meter's number, well shuffled, says how early it is taken."""
    none = np.zeros(0, dtype=np.int64)
    kept = _Rows(none, none, none, none.astype(np.bool_))
    for rows in _stretches(campaign):
        kept = _first_of_each(kept.beside(rows), answered=ANSWERED, silent=SILENT)
    share = min(1.0, MOST / max(len(kept.meters), 1))
    return _first_of_each(kept, answered=int(ANSWERED * share), silent=int(SILENT * share))


def _first_of_each(rows: _Rows, *, answered: int, silent: int) -> _Rows:
    shuffled = rows.meters.astype(np.uint64) * np.uint64(_SHUFFLED)
    order = np.lexsort((shuffled, rows.answered, rows.kin))
    group = rows.kin[order] * 2 + rows.answered[order]
    starts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))[: len(group)]
    place = np.arange(len(group)) - np.repeat(starts, np.diff(np.append(starts, len(group))))
    most = np.where(rows.answered[order], answered, silent)
    return rows.where(order[place < most])


def _stretches(campaign: int) -> Iterator[_Rows]:
    due = _part(DueReading.objects.filter(campaign=campaign, kind=Kind.PERIODIC))
    answered = Q(reading__isnull=False) & ~Q(reading__source=Reading.Source.SYSTEM)
    marked = due.annotate(
        is_answered=ExpressionWrapper(answered, output_field=BooleanField()),
        on=Coalesce("reading__taken_on", "due_on"),
    ).order_by("pk")
    last = 0
    while True:
        read = columns(
            marked.filter(pk__gt=last)[:STRETCH],
            id="i8", meter_id="i8", meter__device__model_id="i8", meter__kind_id="i8", on="i4",
            is_answered="?",
        )  # fmt: skip
        if not len(read["id"]):
            return
        last = int(read["id"].max())
        yield _rows(read)


def _part(due: QuerySet[DueReading]) -> QuerySet[DueReading]:
    """All of them, or of very many a part: dealt like cards, so that no meter's turn is another's."""
    share = WALKED / max(due.count(), 1)
    if share >= 1:
        return due
    return due.alias(card=F("pk") * _DEALT % _DECK).filter(card__lt=int(share * _DECK))


def _rows(read: Columns) -> _Rows:
    kin = (read["meter__device__model_id"] << _KIND_BITS) + read["meter__kind_id"]
    return _Rows(read["meter_id"], kin, read["on"].astype(np.int64), read["is_answered"])


def _kinship(kin: int) -> Kinship:
    return divmod(kin, 1 << _KIND_BITS)


def _with_speed(one: Surroundings, pages_a_minute: int | None) -> Surroundings:
    return replace(one, pages_a_minute=pages_a_minute)
