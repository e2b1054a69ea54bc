"""Why an estimate is what it is, in the words that a customer and an accountant read for ever after."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from releveur.rules.digits import shown
from releveur.rules.estimation import Estimate, Inputs, Method, Ratio, daily, ratio, rounded
from releveur.rules.surroundings import WHOLE

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


class _Numbers(NamedTuple):
    """The numbers of an estimate, as one language writes them; what it does not count with is « 0 »."""

    value: str
    volume: str
    since_value: str
    monthly_volume: str
    daily: str
    year_daily: str
    same_days_daily: str


def words(found: Estimate) -> dict[str, str]:
    """Explain an estimate in French (`fr`) and English (`en`): texts to be stored with it for ever.

    >>> from releveur.rules.estimation import recompute
    >>> words(recompute(Method.NOTHING, {"on": "2022-04-05"}))["en"]
    'Estimated at 0 on 05/04/2022: no reading is known for this meter.'
    """
    inputs = found.inputs
    english = _Numbers(
        _whole(found.value),
        _whole(found.volume),
        _whole(inputs.get("since_value", 0)),
        _whole(inputs.get("monthly_volume", 0)),
        _with_hundredths(daily(found.method, inputs)),
        _with_hundredths(ratio(inputs.get("year_daily", 0))),
        _with_hundredths(ratio(inputs.get("same_days_daily", 0))),
    )
    french = _Numbers(*map(_in_french, english))
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
    clauses = [_french_basis(found, numbers), *_french_shares(found.inputs)]
    return f"{opening}\u202f: {counted}. {'\u202f; '.join(clauses)}."


def _french_basis(found: Estimate, numbers: _Numbers) -> str:
    inputs = found.inputs
    basis = f"Base\u202f: {numbers.daily} par jour"
    match found.method:
        case Method.YEAR if "same_days_daily" in inputs:
            whole, same = numbers.year_daily, numbers.same_days_daily
            return (
                f"{basis}, moyenne entre les 365 jours avant ce relevé ({whole})"
                f" et les mêmes jours un an plus tôt ({same})"
            )
        case Method.YEAR:
            return f"{basis}, moyenne des 365 jours avant ce relevé"
        case Method.MEAN:
            return f"{basis}, moyenne du {_day(inputs['mean_since'])} au {_day(inputs['since'])}"
        case Method.EXPECTED:
            return f"{basis}, soit un volume mensuel moyen (VMM) de {numbers.monthly_volume} × 12 ÷ 365"
        case _:
            return f"{basis}, médiane des compteurs du même modèle"


_FRENCH_SEASONS = {
    "OWN": "ces jours de l’année sont d’habitude plus {} de {}",
    "KIN": "pour les matériels comparables, ces jours de l’année sont d’habitude plus {} de {}",
    "BOTH": "ces jours de l’année sont d’habitude plus {} de {}, ici et pour les matériels comparables",
}


def _french_shares(inputs: Inputs) -> list[str]:
    """What the volume was multiplied by, where that is a hundredth at least."""
    clauses = []
    if percent := _percent(inputs, "season"):
        how = "chargés" if percent > 0 else "calmes"
        clauses.append(_FRENCH_SEASONS[str(inputs["season_of"])].format(how, _fr(percent)))
    if percent := _percent(inputs, "drift"):
        way = "hausse" if percent > 0 else "baisse"
        clauses.append(f"les derniers relevés sont en {way}, compté pour {_fr(percent)}")
    if percent := _percent(inputs, "factor"):
        who = "les matériels comparables ont" if inputs["reporters"] else "l’ensemble du parc a"
        more = "plus" if percent > 0 else "moins"
        clauses.append(f"{who} imprimé {_fr(percent)} de {more} que prévu cette fois")
    if "at_most" in inputs:
        clauses.append("volume limité à ce que ce modèle peut imprimer")
    return clauses


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
    clauses = [_english_basis(found, numbers), *_english_shares(found.inputs)]
    return f"{opening}: {counted}. {'; '.join(clauses)}."


def _english_basis(found: Estimate, numbers: _Numbers) -> str:
    inputs = found.inputs
    basis = f"Basis: {numbers.daily} a day"
    match found.method:
        case Method.YEAR if "same_days_daily" in inputs:
            whole, same = numbers.year_daily, numbers.same_days_daily
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
            return (
                f"{basis}, from an expected monthly volume of {numbers.monthly_volume} × 12 ÷ 365"
            )
        case _:
            return f"{basis}, the median of the meters of the same model"


_ENGLISH_SEASONS = {
    "OWN": "these days of the year are usually {} by {}",
    "KIN": "for comparable devices these days of the year are usually {} by {}",
    "BOTH": "these days of the year are usually {} by {}, here and for comparable devices",
}


def _english_shares(inputs: Inputs) -> list[str]:
    clauses = []
    if percent := _percent(inputs, "season"):
        how = "busier" if percent > 0 else "quieter"
        clauses.append(_ENGLISH_SEASONS[str(inputs["season_of"])].format(how, f"{abs(percent)}%"))
    if percent := _percent(inputs, "drift"):
        way = "rising" if percent > 0 else "falling"
        clauses.append(f"the latest readings are {way}, counted as {abs(percent)}%")
    if percent := _percent(inputs, "factor"):
        who = "comparable devices" if inputs["reporters"] else "the fleet as a whole"
        more = "more" if percent > 0 else "less"
        clauses.append(f"{who} printed {abs(percent)}% {more} than expected this time")
    if "at_most" in inputs:
        clauses.append("limited to what this model can print")
    return clauses


def _percent(inputs: Inputs, share: str) -> int:
    """By how many hundredths a share adds to a volume, or takes from it."""
    more = int(inputs.get(share, WHOLE)) - WHOLE
    percent = rounded(abs(more), 100)
    return percent if more > 0 else -percent


def _fr(percent: int) -> str:
    return f"{abs(percent)}\u202f%"


def _is_held(found: Estimate) -> bool:
    return found.value > int(found.inputs["since_value"]) + found.volume


@lru_cache(maxsize=4_000)
def _day(iso: int | str) -> str:
    return f"{date.fromisoformat(str(iso)):%d/%m/%Y}"


def _whole(number: int | str) -> str:
    return shown(int(number), "en")


def _with_hundredths(one: Ratio) -> str:
    over, below = one
    hundredths = rounded(over * 100, below)
    sign = "-" if hundredths < 0 else ""
    whole, part = divmod(abs(hundredths), 100)
    return f"{sign}{whole:,}.{part:02}"


def _in_french(number: str) -> str:
    return number.replace(",", "\u202f").replace(".", ",")
