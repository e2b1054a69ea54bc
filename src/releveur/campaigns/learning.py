"""The checks learn from this dealer's own signed campaigns: how often what happens, how far volumes stray."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from releveur.audit.models import Action
from releveur.audit.writing import OFFICE, By, note
from releveur.campaigns import backtesting, rechecking
from releveur.dealer.models import Dealer
from releveur.rules.findings import Code
from releveur.rules.learning import Lessons, learned
from releveur.rules.priors import PRIORS, Priors

EVERYTHING = 100
"""Per cent of the answers hidden, to see how far honest volumes stray: nothing of this time is known."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What was seen, and the priors it leads to."""

    campaigns: int
    lessons: Lessons
    priors: Priors


def learn(*, progress: Callable[[int, int], None] = lambda done, total: None) -> Learned:
    """Go through every signed campaign; nothing is written."""
    campaigns = [*backtesting.signed()]
    devices, squares, count = 0, 0.0, 0
    proved: Counter[Code] = Counter()
    for done, campaign in enumerate(campaigns):
        progress(done, len(campaigns))
        seen = rechecking.recheck(campaign).lessons()
        devices += seen.declarations
        proved.update(seen.proved)
        strayed = backtesting.replay(campaign, hide=EVERYTHING, seed=0).strayed
        squares, count = squares + strayed[0], count + strayed[1]
    progress(len(campaigns), len(campaigns))
    lessons = Lessons(devices, proved, (squares, count))
    return Learned(len(campaigns), lessons, learned(lessons))


@transaction.atomic
def keep(priors: Priors | None, *, by: By = OFFICE, now: datetime) -> None:
    """Let the checks work with these priors from now on; None: with the product's own."""
    dealer = Dealer.objects.select_for_update().filter(pk=1).first() or Dealer(pk=1)
    before = dealer.priors
    dealer.priors = {} if priors is None or priors == PRIORS else asdict(priors)
    if dealer.priors == before:
        return
    dealer.save()
    note(
        dealer, Action.CHANGE_DEALER, by=by, key=dealer.name,
        before={"priors": before}, after={"priors": dealer.priors}, now=now,
    )  # fmt: skip
