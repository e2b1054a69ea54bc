"""Why an estimate is what it is, in the words that a customer and an accountant read for ever after."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from releveur.rules.digits import shown
from releveur.rules.estimation import Estimate, Inputs, Method, Ratio, daily, ratio, rounded
from releveur.rules.surroundings import WHOLE

_NARROW = "\u202f"

_FRENCH_ORIGIN = {
    "ACTUAL": "le relevé réel",
    "AGREED": "l’accord commercial",
    "ESTIMATED": "l’index facturé",
}
_ENGLISH_ORIGIN = {
    "ACTUAL": "the actual reading",
    "AGREED": "the agreed value",
    "ESTIMATED": "the invoiced index",
}


type _Shares = tuple[int, str, int, int, bool, bool]
"""Season and whose it is, drift, factor and whether the kin tells it; whether the model can print no more."""


class _Numbers(NamedTuple):
    """The numbers of an estimate, as one language writes them; and the hundredths of its shares."""

    value: str
    volume: str
    since_value: str
    daily: str
    shares: _Shares


def words(found: Estimate) -> dict[str, str]:
    """Explain an estimate in French (`fr`) and English (`en`): texts to be stored with it for ever.

    >>> from releveur.rules.estimation import recompute
    >>> words(recompute(Method.NOTHING, {"on": "2022-04-05"}))["en"]
    'Estimated at 0 on 05/04/2022: no reading is known for this meter.'
    """
    inputs = found.inputs
    english = _Numbers(
        f"{found.value:,}",
        f"{found.volume:,}",
        f"{inputs.get('since_value', 0):,}",
        _with_hundredths(daily(found.method, inputs)),
        _shares(inputs),
    )
    value, volume, since_value, a_day, shares = english
    french = _Numbers(
        value.replace(",", _NARROW),
        volume.replace(",", _NARROW),
        since_value.replace(",", _NARROW),
        _in_french(a_day),
        shares,
    )
    return {"fr": _french(found, french), "en": _english(found, english)}


def _french(found: Estimate, numbers: _Numbers) -> str:
    inputs = found.inputs
    opening = f"Estimé à {numbers.value} le {_day(inputs['on'])}"
    if "since" not in inputs:
        return f"{opening}\u202f: aucun relevé n’est connu pour ce compteur."
    if found.method is Method.NOTHING:
        return f"{opening}\u202f: aucun volume n’est connu pour ce compteur."
    days = int(inputs["days"])
    counted = (
        f"{numbers.volume} {'impressions' if found.volume > 1 else 'impression'}"
        f" en {days} {'jours' if days > 1 else 'jour'}"
        f" depuis {_FRENCH_ORIGIN[str(inputs['since_quality'])]}"
        f" du {_day(inputs['since'])} ({numbers.since_value})"
    )
    if _is_held(found):
        counted = f"index déjà facturé, maintenu\u202f; calcul\u202f: {counted}"
    basis = f"{_french_basis(found, numbers)}{_french_clauses(*numbers.shares)}"
    return f"{opening}\u202f: {counted}. {basis}."


def _french_basis(found: Estimate, numbers: _Numbers) -> str:
    inputs = found.inputs
    basis = f"Base\u202f: {numbers.daily} par jour"
    match found.method:
        case Method.YEAR if "same_days_daily" in inputs:
            whole, same = map(_in_french, _both(inputs))
            return (
                f"{basis}, moyenne entre les 365 jours avant ce relevé ({whole})"
                f" et les mêmes jours un an plus tôt ({same})"
            )
        case Method.YEAR:
            return f"{basis}, moyenne des 365 jours avant ce relevé"
        case Method.MEAN:
            return f"{basis}, moyenne du {_day(inputs['mean_since'])} au {_day(inputs['since'])}"
        case Method.EXPECTED:
            monthly = _in_french(_whole(inputs["monthly_volume"]))
            return f"{basis}, soit un volume mensuel moyen (VMM) de {monthly} × 12 ÷ 365"
        case _:
            return f"{basis}, médiane des compteurs du même modèle"


_FRENCH_SEASONS = {
    "OWN": "ces jours de l’année sont d’habitude plus {} de {}",
    "KIN": "pour les matériels comparables, ces jours de l’année sont d’habitude plus {} de {}",
    "BOTH": "ces jours de l’année sont d’habitude plus {} de {}, ici et pour les matériels comparables",
}


@lru_cache(maxsize=4_000)
def _french_clauses(season: int, who: str, drift: int, factor: int, kin: bool, held: bool) -> str:
    """What the volume was multiplied by, where that is a hundredth at least."""
    clauses = [""]
    if season:
        how = "chargés" if season > 0 else "calmes"
        clauses.append(_FRENCH_SEASONS[who].format(how, _fr(season)))
    if drift:
        way = "hausse" if drift > 0 else "baisse"
        clauses.append(f"la {way} récente compte pour {_fr(drift)}")
    if factor:
        those = "les matériels comparables ont" if kin else "l’ensemble du parc a"
        more = "plus" if factor > 0 else "moins"
        clauses.append(f"{those} imprimé {_fr(factor)} de {more} que prévu cette fois")
    if held:
        clauses.append("volume limité à ce que ce modèle peut imprimer")
    return "\u202f; ".join(clauses)


def _english(found: Estimate, numbers: _Numbers) -> str:
    inputs = found.inputs
    opening = f"Estimated at {numbers.value} on {_day(inputs['on'])}"
    if "since" not in inputs:
        return f"{opening}: no reading is known for this meter."
    if found.method is Method.NOTHING:
        return f"{opening}: no volume is known for this meter."
    days = int(inputs["days"])
    counted = (
        f"{numbers.volume} {'impression' if found.volume == 1 else 'impressions'}"
        f" in {days} {'day' if days == 1 else 'days'}"
        f" since {_ENGLISH_ORIGIN[str(inputs['since_quality'])]}"
        f" of {_day(inputs['since'])} ({numbers.since_value})"
    )
    if _is_held(found):
        counted = f"already invoiced, kept; computed: {counted}"
    return f"{opening}: {counted}. {_english_basis(found, numbers)}{_english_clauses(*numbers.shares)}."


def _english_basis(found: Estimate, numbers: _Numbers) -> str:
    inputs = found.inputs
    basis = f"Basis: {numbers.daily} a day"
    match found.method:
        case Method.YEAR if "same_days_daily" in inputs:
            whole, same = _both(inputs)
            return (
                f"{basis}, the mean of the 365 days before that reading ({whole})"
                f" and of the same days one year earlier ({same})"
            )
        case Method.YEAR:
            return f"{basis}, the mean of the 365 days before that reading"
        case Method.MEAN:
            since, until = _day(inputs["mean_since"]), _day(inputs["since"])
            return f"{basis}, the mean from {since} to {until}"
        case Method.EXPECTED:
            monthly = _whole(inputs["monthly_volume"])
            return f"{basis}, from an expected monthly volume of {monthly} × 12 ÷ 365"
        case _:
            return f"{basis}, the median of the meters of the same model"


_ENGLISH_SEASONS = {
    "OWN": "these days of the year are usually {} by {}",
    "KIN": "for comparable devices these days of the year are usually {} by {}",
    "BOTH": "these days of the year are usually {} by {}, here and for comparable devices",
}


@lru_cache(maxsize=4_000)
def _english_clauses(season: int, who: str, drift: int, factor: int, kin: bool, held: bool) -> str:
    clauses = [""]
    if season:
        how = "busier" if season > 0 else "quieter"
        clauses.append(_ENGLISH_SEASONS[who].format(how, f"{abs(season)}%"))
    if drift:
        way = "rise" if drift > 0 else "fall"
        clauses.append(f"the recent {way} counts for {abs(drift)}%")
    if factor:
        those = "comparable devices" if kin else "the fleet as a whole"
        more = "more" if factor > 0 else "less"
        clauses.append(f"{those} printed {abs(factor)}% {more} than expected this time")
    if held:
        clauses.append("limited to what this model can print")
    return "; ".join(clauses)


def _shares(inputs: Inputs) -> _Shares:
    return (
        _percent(inputs.get("season", WHOLE)),
        str(inputs.get("season_of", "")),
        _percent(inputs.get("drift", WHOLE)),
        _percent(inputs.get("factor", WHOLE)),
        bool(inputs.get("reporters", 0)),
        "at_most" in inputs,
    )


@lru_cache(maxsize=4_000)
def _percent(share: int | str) -> int:
    """By how many hundredths a share adds to a volume, or takes from it."""
    more = int(share) - WHOLE
    percent = rounded(abs(more), 100)
    return percent if more > 0 else -percent


def _fr(percent: int) -> str:
    return f"{abs(percent)}\u202f%"


def _is_held(found: Estimate) -> bool:
    return found.value > int(found.inputs["since_value"]) + found.volume


@lru_cache(maxsize=4_000)
def _day(iso: int | str) -> str:
    return f"{date.fromisoformat(str(iso)):%d/%m/%Y}"


def _both(inputs: Inputs) -> tuple[str, str]:
    """Of version 1: the year's daily volume, and that of the same days a year earlier."""
    whole, same = (
        _with_hundredths(ratio(inputs[f"{name}_daily"])) for name in ("year", "same_days")
    )
    return whole, same


def _whole(number: int | str) -> str:
    return shown(int(number), "en")


def _with_hundredths(one: Ratio) -> str:
    over, below = one
    hundredths = rounded(over * 100, below)
    sign = "-" if hundredths < 0 else ""
    whole, part = divmod(abs(hundredths), 100)
    return f"{sign}{whole:,}.{part:02}"


def _in_french(number: str) -> str:
    return number.replace(",", _NARROW).replace(".", ",")
