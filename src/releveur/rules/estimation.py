"""What a meter shows on a day nobody read it, and the reason in words.

From L, the last real reading, D days are to be filled at a daily volume. The first line that the
meter's past allows decides:

    YEAR      real readings over a year or more: mean of the 365 days before L and of the same days
              one year earlier, (L, day] - 365 days
    MEAN      two real readings or more: mean daily volume from the first to L
    EXPECTED  monthly volume expected by the contract (VMM) x 12 / 365
    MODEL     median of the meters of the same model
    NOTHING   volume 0, and somebody has to look

    value = max(L + round(D x daily volume), last billed value of L's segment)

Fractions until the volume, rounded once, half up, never below 0. Corners: readings after the day
asked for are left aside; more than 365 days after L nobody read the same days one year earlier, so
the last year speaks alone; without a real reading the last billed index stands for L, and the
estimate has no past of its own. docs/rules/estimation.md has the worked numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from statistics import median

from releveur.rules import metering
from releveur.rules.digits import shown
from releveur.rules.metering import Curve, History, Quality, Reading

VERSION = 1
YEAR = timedelta(days=365)
FEWEST_OF_A_MODEL = 5


class Method(StrEnum):
    """Where the daily volume comes from, best first."""

    YEAR = "YEAR"
    MEAN = "MEAN"
    EXPECTED = "EXPECTED"
    MODEL = "MODEL"
    NOTHING = "NOTHING"


type Inputs = dict[str, int | str]
"""What the estimate was computed from: integers, days as ISO texts, daily volumes as fractions."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, the impressions since the reading it starts from, and how they were found."""

    value: int
    volume: int
    method: Method
    inputs: Inputs


def estimate(
    history: History,
    *,
    on: date,
    billed: Reading | None = None,
    monthly_volume: int | None = None,
    model_daily: Fraction | None = None,
) -> Estimate:
    """Extend a meter's history to a day nobody read it.

    :param billed: the last index really invoiced; the estimate is never below it in its segment
    :param monthly_volume: impressions a month expected by the contract
    :param model_daily: impressions a day of the meters of the same model, see `model_daily`

    >>> estimate(
    ...     [Reading(date(2021, 10, 5), 38_784), Reading(date(2022, 1, 3), 39_684)],
    ...     on=date(2022, 4, 3),
    ... ).value
    40584
    """
    known = _known(history, until=on)
    start = known[-1] if known else billed
    if start is None:
        return recompute(Method.NOTHING, {"on": on.isoformat()})
    inputs: Inputs = {
        "on": on.isoformat(),
        "since": start.taken_on.isoformat(),
        "since_value": start.value,
        "since_quality": start.quality.value,
        "days": max(0, (on - start.taken_on).days),
    }
    if billed is not None and billed.segment == start.segment:
        inputs["billed_value"] = billed.value
    method, rates = _rates(known, until=on, monthly_volume=monthly_volume, of_model=model_daily)
    return recompute(method, inputs | rates)


def recompute(method: Method, inputs: Mapping[str, int | str]) -> Estimate:
    """Compute an estimate again from what was stored with it.

    >>> stored = {"since_value": 39_684, "days": 90, "monthly_volume": 500}
    >>> recompute(Method.EXPECTED, stored).value
    41163
    """
    volume = _volume(_daily(method, inputs), int(inputs.get("days", 0)))
    reached = int(inputs.get("since_value", 0)) + volume
    value = max(reached, int(inputs.get("billed_value", reached)))
    return Estimate(value, volume, method, dict(inputs))


def expected_volume(
    history: History, *, since: date, until: date, monthly_volume: int | None
) -> int | None:
    """Return the impressions to expect after `since`, up to `until`; None when nothing is known.

    The estimate's own rule, from the real readings up to `since`: what is likely enough to be
    billed is what a reading is measured against.
    """
    known = _known(history, until=since)
    method, rates = _rates(known, until=until, monthly_volume=monthly_volume, of_model=None)
    if method is Method.NOTHING:
        return None
    return _volume(_daily(method, rates), (until - since).days)


def daily_volume(history: History, since: date, until: date) -> Fraction | None:
    """Return the impressions a day in (since, until], on the line through the real readings.

    None where the real readings do not reach over all of it, and for no day at all.
    """
    return _between(metering.curve(history), since, until)


def model_daily(histories: Iterable[History]) -> Fraction | None:
    """Return the median of the mean daily volumes; None when fewer than 5 meters have one."""
    means = (_mean(metering.curve(history)) for history in histories)
    known = [mean for mean in means if mean is not None]
    return median(known) if len(known) >= FEWEST_OF_A_MODEL else None


def words(found: Estimate) -> dict[str, str]:
    """Explain an estimate in French (`fr`) and English (`en`): texts to be stored with it for ever.

    >>> words(estimate([Reading(date(2022, 1, 5), 39_684)], on=date(2022, 4, 5)))["en"]
    'Estimated at 39,684 on 05/04/2022: no volume is known for this meter.'
    """
    return {"fr": _french(found), "en": _english(found)}


def _known(history: History, *, until: date) -> list[Reading]:
    known = [reading for reading in metering.real(history) if reading.taken_on <= until]
    return metering.ordered(known)


def _rates(
    known: list[Reading], *, until: date, monthly_volume: int | None, of_model: Fraction | None
) -> tuple[Method, Inputs]:
    points = metering.curve(known)
    if (mean := _mean(points)) is not None:
        over_a_year = _year(points, until)
        if over_a_year:
            return Method.YEAR, over_a_year
        return Method.MEAN, {"mean_since": points[0][0].isoformat(), "mean_daily": str(mean)}
    if monthly_volume is not None:
        return Method.EXPECTED, {"monthly_volume": monthly_volume}
    if of_model is not None:
        return Method.MODEL, {"model_daily": str(of_model)}
    return Method.NOTHING, {}


def _year(points: Curve, until: date) -> Inputs:
    last = points[-1][0]
    whole = _between(points, last - YEAR, last)
    if whole is None:
        return {}
    inputs: Inputs = {"year_daily": str(whole)}
    same = _between(points, last - YEAR, until - YEAR)
    if same is not None:
        inputs["same_days_daily"] = str(same)
    return inputs


def _mean(points: Curve) -> Fraction | None:
    return _between(points, points[0][0], points[-1][0]) if points else None


def _between(points: Curve, since: date, until: date) -> Fraction | None:
    start, end = metering.index_at(points, since), metering.index_at(points, until)
    if start is None or end is None or since >= until:
        return None
    return (end - start) / (until - since).days


def _daily(method: Method, inputs: Mapping[str, int | str]) -> Fraction:
    match method:
        case Method.YEAR:
            whole = str(inputs["year_daily"])
            return _between_both(whole, str(inputs.get("same_days_daily", whole)))
        case Method.MEAN:
            return _fraction(str(inputs["mean_daily"]))
        case Method.EXPECTED:
            return Fraction(int(inputs["monthly_volume"]) * 12, 365)
        case Method.MODEL:
            return _fraction(str(inputs["model_daily"]))
        case Method.NOTHING:
            return Fraction(0)


@lru_cache(maxsize=1_000)
def _between_both(whole: str, same: str) -> Fraction:
    return (_fraction(whole) + _fraction(same)) / 2


@lru_cache(maxsize=1_000)
def _fraction(text: str) -> Fraction:
    """An estimate and its words, in two languages, look at the same few."""
    return Fraction(text)


def _volume(daily: Fraction, days: int) -> int:
    return max(0, _rounded(daily.numerator * days, daily.denominator))


def _rounded(numerator: int, denominator: int) -> int:
    """Half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def _french(found: Estimate) -> str:
    opening = f"Estimé à {_fr(found.value)} le {_day(found.inputs['on'])}"
    if "since" not in found.inputs:
        return f"{opening}\u202f: aucun relevé n’est connu pour ce compteur."
    if found.method is Method.NOTHING:
        return f"{opening}\u202f: aucun volume n’est connu pour ce compteur."
    origin = {
        Quality.ACTUAL: "le relevé réel",
        Quality.AGREED: "l’accord commercial",
        Quality.ESTIMATED: "l’index facturé",
    }[Quality(str(found.inputs["since_quality"]))]
    days = int(found.inputs["days"])
    counted = (
        f"{_fr(found.volume)} {'impressions' if found.volume > 1 else 'impression'}"
        f" en {days} {'jours' if days > 1 else 'jour'} depuis {origin}"
        f" du {_day(found.inputs['since'])} ({_fr(int(found.inputs['since_value']))})"
    )
    if _is_held(found):
        counted = f"index déjà facturé, maintenu\u202f; calcul\u202f: {counted}"
    return f"{opening}\u202f: {counted}. {_french_basis(found)}"


def _french_basis(found: Estimate) -> str:
    inputs = found.inputs
    daily = f"Base\u202f: {_fr(_daily(found.method, inputs))} par jour"
    match found.method:
        case Method.YEAR if "same_days_daily" in inputs:
            whole, same = (
                _fraction(str(inputs["year_daily"])),
                _fraction(str(inputs["same_days_daily"])),
            )
            return (
                f"{daily}, moyenne entre les 365 jours avant ce relevé ({_fr(whole)})"
                f" et les mêmes jours un an plus tôt ({_fr(same)})."
            )
        case Method.YEAR:
            return f"{daily}, moyenne des 365 jours avant ce relevé."
        case Method.MEAN:
            return f"{daily}, moyenne du {_day(inputs['mean_since'])} au {_day(inputs['since'])}."
        case Method.EXPECTED:
            monthly = _fr(int(inputs["monthly_volume"]))
            return f"{daily}, soit un volume mensuel moyen (VMM) de {monthly} × 12 ÷ 365."
        case _:
            return f"{daily}, médiane des compteurs du même modèle."


def _english(found: Estimate) -> str:
    opening = f"Estimated at {_en(found.value)} on {_day(found.inputs['on'])}"
    if "since" not in found.inputs:
        return f"{opening}: no reading is known for this meter."
    if found.method is Method.NOTHING:
        return f"{opening}: no volume is known for this meter."
    origin = {
        Quality.ACTUAL: "the actual reading",
        Quality.AGREED: "the agreed value",
        Quality.ESTIMATED: "the invoiced index",
    }[Quality(str(found.inputs["since_quality"]))]
    days = int(found.inputs["days"])
    counted = (
        f"{_en(found.volume)} {'impression' if found.volume == 1 else 'impressions'}"
        f" in {days} {'day' if days == 1 else 'days'} since {origin}"
        f" of {_day(found.inputs['since'])} ({_en(int(found.inputs['since_value']))})"
    )
    if _is_held(found):
        counted = f"already invoiced, kept; computed: {counted}"
    return f"{opening}: {counted}. {_english_basis(found)}"


def _english_basis(found: Estimate) -> str:
    inputs = found.inputs
    daily = f"Basis: {_en(_daily(found.method, inputs))} a day"
    match found.method:
        case Method.YEAR if "same_days_daily" in inputs:
            whole, same = (
                _fraction(str(inputs["year_daily"])),
                _fraction(str(inputs["same_days_daily"])),
            )
            return (
                f"{daily}, the mean of the 365 days before that reading ({_en(whole)})"
                f" and of the same days one year earlier ({_en(same)})."
            )
        case Method.YEAR:
            return f"{daily}, the mean of the 365 days before that reading."
        case Method.MEAN:
            since, until = _day(inputs["mean_since"]), _day(inputs["since"])
            return f"{daily}, the mean from {since} to {until}."
        case Method.EXPECTED:
            monthly = _en(int(inputs["monthly_volume"]))
            return f"{daily}, from an expected monthly volume of {monthly} × 12 ÷ 365."
        case _:
            return f"{daily}, the median of the meters of the same model."


def _is_held(found: Estimate) -> bool:
    return found.value > int(found.inputs["since_value"]) + found.volume


@lru_cache(maxsize=1_000)
def _day(iso: int | str) -> str:
    return f"{date.fromisoformat(str(iso)):%d/%m/%Y}"


def _fr(number: int | Fraction) -> str:
    return _en(number).replace(",", "\u202f").replace(".", ",")


def _en(number: int | Fraction) -> str:
    if isinstance(number, int):
        return shown(number, "en")
    hundredths = _rounded(number.numerator * 100, number.denominator)
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{shown(abs(hundredths) // 100, 'en')}.{abs(hundredths) % 100:02}"
