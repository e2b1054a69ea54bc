from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import hindsight
from releveur.campaigns.explaining import signed
from releveur.campaigns.hindsight import Outcome
from releveur.ops.doors import Answer, Door
from releveur.ops.management.commands.campaign_status import the_campaign
from releveur.readings.wording import in_french, number


class Command(Door):
    help = _("Whether silence pays: estimates of the silent beside what was read later.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", type=int, nargs="?", metavar="ID")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        asked = options["campaign"]
        self.found = hindsight.look_back(None if asked is None else the_campaign(asked).pk)
        return asdict(self.found)

    def words(self, answer: Answer) -> str:
        told = [
            _("campaign %(number)s: %(said)s") % {"number": one.campaign, "said": _said(one)}
            for one in self.found.campaigns
        ]
        told.append(_("all: %(said)s") % {"said": _said(self.found.overall)})
        told.append(
            _("devices silent more than once: %(count)s") % {"count": self.found.silent_again}
        )
        told += [
            _("%(code)s, %(serial)s: %(times)s times, %(error)s impressions")
            % {**asdict(one), "error": signed(one.error)}
            for one in self.found.named
        ]
        return "\n".join(told)


def _said(one: Outcome) -> str:
    counted = _("%(silent)s meters estimated in silence, %(compared)s read since") % {
        "silent": number(one.silent), "compared": number(one.compared),
    }  # fmt: skip
    if one.mean_error is None or one.median_error is None:
        return counted
    errors = _(
        "estimates off by %(mean)s impressions on average, median %(median)s (%(percent)s);"
        " %(over)s too many, %(under)s too few; %(too_low)s were billed less than they printed"
    ) % {
        "mean": signed(round(one.mean_error)),
        "median": signed(round(one.median_error)),
        "percent": _percent(one.median_percent),
        "over": number(one.overestimated),
        "under": number(one.underestimated),
        "too_low": number(one.too_low),
    }
    return f"{counted}; {errors}"


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    told = f"{abs(share):.1f}"
    sign = "" if share == 0 else "+" if share > 0 else "\u2212"
    return sign + (told.replace(".", ",") + "\u202f%" if in_french() else f"{told}%")
