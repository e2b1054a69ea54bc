"""How estimated periods are split again, by the dealer's settings, and in which words the basis says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from releveur.dealer.models import Dealer
from releveur.rules import looking_back
from releveur.rules.digits import shown
from releveur.rules.metering import Corrected, Weights, by_days
from releveur.rules.resplitting import by_season

WEIGHTS: Mapping[str, Weights] = {
    Dealer.Resplit.DAYS: by_days,
    Dealer.Resplit.SEASON: by_season,
}


@dataclass(frozen=True, slots=True)
class Policy:
    """How volumes are cut, and how many months back they are charged without a question."""

    resplit: str
    months: int

    @property
    def weights(self) -> Weights:
        return WEIGHTS[self.resplit]

    def too_old(self, periods: Iterable[Corrected], *, on: date) -> int:
        """What is to be charged of periods that ended longer ago than that."""
        return looking_back.too_old(periods, on=on, months=self.months)


def policy() -> Policy:
    """The dealer's, as it stands; what was signed stays as it was cut."""
    dealer = Dealer.objects.here()
    return Policy(dealer.resplit, dealer.look_back_months)


def in_french(periods: Iterable[Corrected], policy: Policy) -> str:
    """Each period with what was billed and what was printed; letters that cp1252 has."""
    told = [
        f"du {one.since:%d/%m/%Y} au {one.until:%d/%m/%Y} : facturé {_said(one.billed)},"
        f" réel {_said(one.printed)}, régularisation {_said(one.difference)}"
        for one in periods
    ]
    if told and policy.resplit == Dealer.Resplit.SEASON:
        told.append("réparti selon la saison du compteur")
    return " ; ".join(told)


def anomaly(too_old: int, policy: Policy) -> str:
    """What the accountant should agree with the customer before it is invoiced."""
    return f"{_said(too_old)} impressions à facturer de plus de {policy.months} mois"


def _said(impressions: int) -> str:
    return shown(impressions, "fr").replace("\u202f", "\u00a0")
