"""How good our estimates are here: signed campaigns once more, with the answers of some hidden.

Whole customers are silent, so whole customers are hidden. The others' answers tell what they would
have told at the close; of the past only what was read before each answer counts. Nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import log1p
from typing import NamedTuple

import numpy as np
from django.db.models import QuerySet

from releveur.campaigns.models import Campaign, DueReading, Kind
from releveur.readings import estimating
from releveur.readings.estimating import Kinship, ModelRates
from releveur.readings.models import Billed, Reading
from releveur.rules import accuracy, curves, metering, nowcast, plain_guesses
from releveur.rules.accuracy import Accuracy, Guess
from releveur.rules.curves import Truth, Whole
from releveur.rules.estimation import Estimate
from releveur.rules.estimation_of_many import Past, Wanted, estimate_many
from releveur.rules.nowcast import Sample
from releveur.rules.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Replayed:
    """One campaign replayed: guesses of the meters that were hidden, and the same meters guessed otherwise.

    `untold`: hidden meters that nobody had ever read before. `mean` and `last_year` hold those that
    these ways can guess at all; `beside_mean` and `beside_last_year` are ours of the same meters.
    `strayed`: the sum of the squares of log(printed + 1) - log(guessed + 1), each 1 at most, and how many.
    """

    campaign: Campaign
    answered: int
    hidden: int
    untold: int
    ours: Accuracy
    mean: Accuracy
    beside_mean: Accuracy
    last_year: Accuracy
    beside_last_year: Accuracy
    strayed: tuple[float, int]


class _Answer(NamedTuple):
    """A row of the campaign that somebody or something answered."""

    meter: int
    customer: int
    kinship: Kinship
    monthly_volume: int | None
    on: date


def signed() -> QuerySet[Campaign]:
    """The campaigns that can be replayed, oldest first."""
    those = Campaign.objects.filter(state=Campaign.State.SIGNED, kind=Kind.PERIODIC)
    return those.order_by("due_until", "pk")


def replay(campaign: Campaign, *, hide: int, seed: int) -> Replayed:
    """Estimate hidden answers of a campaign from what was known without them.

    :param hide: per cent of the answers that are hidden, customer by customer; at least one customer
    :param seed: the same seed hides the same ones
    """
    answers = _answers(campaign)
    dice = np.random.default_rng([seed, campaign.pk])
    is_hidden = _hidden(answers, share=hide / 100, dice=dice)
    past, _segments = estimating.past_of([one.meter for one in answers])
    on = np.array([curves.number_of(one.on) for one in answers], dtype=np.int64)
    kinships, kin = _kinships(answers)
    everybody = nowcast.sample(
        past, on, answered=np.ones(len(on), np.bool_), kin=kin, kins=len(kinships)
    )
    known = np.where(is_hidden, np.nan, everybody.printed)
    told = dict(zip(kinships, nowcast.learn(replace(everybody, printed=known)), strict=False))
    before = past.where(past.days < on[past.places])
    found = _estimates(answers, before, is_hidden, told)
    return _judge(campaign, answers, before, found, everybody, int(is_hidden.sum()))


def _answers(campaign: Campaign) -> list[_Answer]:
    rows = DueReading.objects.filter(campaign=campaign, kind=Kind.PERIODIC, reading__isnull=False)
    told = rows.exclude(reading__source=Reading.Source.SYSTEM).order_by("meter_id", "-due_on")
    found = told.distinct("meter_id").values_list(
        "meter_id", "installation__site__customer_id", "meter__device__model_id",
        "meter__kind_id", "meter__monthly_volume", "reading__taken_on",
    )  # fmt: skip
    return [
        _Answer(meter, customer, (model, kind), volume, on)
        for meter, customer, model, kind, volume, on in found
    ]


def _hidden(answers: Sequence[_Answer], *, share: float, dice: np.random.Generator) -> Truth:
    by_customer: dict[int, list[int]] = defaultdict(list)
    for place, one in enumerate(answers):
        by_customer[one.customer].append(place)
    hidden = np.zeros(len(answers), dtype=np.bool_)
    for customer in dice.permutation(sorted(by_customer)).tolist():
        if hidden.any() and hidden.sum() >= share * len(answers):
            break
        hidden[by_customer[customer]] = True
    return hidden


def _kinships(answers: Sequence[_Answer]) -> tuple[list[Kinship], Whole]:
    """All that there are, and the number of each meter's."""
    kinships = sorted({one.kinship for one in answers})
    numbers = {kinship: number for number, kinship in enumerate(kinships)}
    return kinships, np.array([numbers[one.kinship] for one in answers], dtype=np.int64)


def _estimates(
    answers: Sequence[_Answer], before: Past, is_hidden: Truth, told: Mapping[Kinship, Surroundings]
) -> dict[int, Estimate]:
    places = np.flatnonzero(is_hidden)
    mine = [answers[place] for place in places.tolist()]
    kept = before.where(is_hidden[before.places])
    past = Past(
        np.searchsorted(places, kept.places), kept.segments, kept.days, kept.values, kept.agreed
    )
    billed = _billed(mine)
    wanted = [Wanted(one.on, billed.get(one.meter), one.monthly_volume) for one in mine]
    first = min((one.on for one in answers), default=date.max)
    rates = ModelRates(until=first - timedelta(days=1))
    found = estimate_many(
        past,
        wanted,
        model_daily=lambda place: rates.of(mine[place].kinship),
        around=[told[one.kinship] for one in mine],
    )
    return dict(zip(places.tolist(), found, strict=True))


def _billed(mine: Sequence[_Answer]) -> dict[int, metering.Reading]:
    """The last index invoiced before each answer."""
    days = {one.meter: one.on for one in mine}
    histories = Billed.objects.filter(meter__in=[*days]).histories()
    early = {
        meter: [one for one in billed if one.taken_on < days[meter]]
        for meter, billed in histories.items()
    }
    return {meter: billed[-1] for meter, billed in early.items() if billed}


def _judge(
    campaign: Campaign, answers: Sequence[_Answer], before: Past, found: Mapping[int, Estimate],
    everybody: Sample, hidden: int,
) -> Replayed:  # fmt: skip
    ours: dict[int, Guess] = {}
    means: dict[int, Guess] = {}
    last_years: dict[int, Guess] = {}
    bounds = np.searchsorted(before.places, np.arange(len(answers) + 1))
    for place, one in found.items():
        if np.isnan(everybody.printed[place]):  # nobody had read it before
            continue
        was = round(float(everybody.printed[place]))
        start = int(one.inputs["since_value"])
        ours[place] = Guess(one.value - start, was, (one.low - start, one.high - start))
        history = before.readings(slice(bounds[place], bounds[place + 1]))
        begin, on = curves.day_of(int(everybody.since[place])), answers[place].on
        mean = plain_guesses.mean_of_periods(history, days=(on - begin).days)
        last_year = plain_guesses.same_days_last_year(history, since=begin, until=on)
        if mean is not None:
            means[place] = Guess(mean, was)
        if last_year is not None:
            last_years[place] = Guess(last_year, was)
    return Replayed(
        campaign, len(answers), hidden, hidden - len(ours),
        accuracy.accuracy([*ours.values()]),
        accuracy.accuracy([*means.values()]),
        accuracy.accuracy([ours[place] for place in means]),
        accuracy.accuracy([*last_years.values()]),
        accuracy.accuracy([ours[place] for place in last_years]),
        (sum(map(_strayed, ours.values())), len(ours)),
    )  # fmt: skip


def _strayed(one: Guess) -> float:
    return min(1.0, (log1p(max(one.printed, 0)) - log1p(max(one.guessed, 0))) ** 2)
