from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import learning
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door
from releveur.rules.priors import PRIORS


class Command(Door):
    help = _("Let the checks learn from signed campaigns how often each slip happens here.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--forget", action="store_true", help=_("back to what comes with the product")
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        if options["forget"]:
            learning.keep(None, by=office(), now=now)
            return {"campaigns": 0, "declarations": 0, "priors": asdict(PRIORS)}
        found = learning.learn(progress=self.progress)
        learning.keep(found.priors, by=office(), now=now)
        return {
            "campaigns": found.campaigns,
            "declarations": found.lessons.declarations,
            "priors": asdict(found.priors),
        }

    def words(self, answer: Answer) -> str:
        own = asdict(PRIORS)
        priors: Any = answer["priors"]
        head = _("Learned from %(declarations)d declarations in %(campaigns)d signed campaigns.")
        changed = [
            f"{name}: {own[name]:.4f} → {value:.4f}"
            for name, value in priors.items()
            if round(value, 4) != round(own[name], 4)
        ]
        return "\n".join([head % answer, *(changed or [_("As they come with the product.")])])
