from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import backtesting, rechecking
from releveur.campaigns.backtesting import Replayed
from releveur.campaigns.models import Campaign
from releveur.campaigns.rechecking import Rechecked
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.management.commands.campaign_status import the_campaign
from releveur.readings import wording
from releveur.rules.accuracy import Accuracy

PARTS = ("error", "bias", "far_off", "covered")


class Command(Door):
    help = _(
        "How good estimates and checks are here: signed campaigns replayed with hidden answers."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--campaign", type=int, metavar="ID", help=_("only this one; else all that are signed")
        )
        parser.add_argument(
            "--hide", type=_percent, default=20, metavar="PERCENT",
            help=_("how much of the answers is hidden, customer by customer (20)"),
        )  # fmt: skip
        parser.add_argument(
            "--seed", type=int, default=1, metavar="N", help=_("the same hides the same ones (1)")
        )

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        campaigns = _those(options["campaign"])
        self.found: list[tuple[Replayed, Rechecked]] = []
        for done, campaign in enumerate(campaigns):
            self.progress(done, len(campaigns))
            estimates = backtesting.replay(campaign, hide=options["hide"], seed=options["seed"])
            self.found.append((estimates, rechecking.recheck(campaign)))
        self.progress(len(campaigns), len(campaigns))
        return {
            "hidden_percent": options["hide"],
            "seed": options["seed"],
            "campaigns": [_plain(estimates) | _checks(checks) for estimates, checks in self.found],
        }

    def words(self, answer: Answer) -> str:
        return "\n".join(
            line
            for estimates, checks in self.found
            for line in (*_lines(estimates), *_prompts(checks))
        )


def _percent(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 90:
        raise ArgumentTypeError(_("%s is no share from 1 to 90 per cent") % text)
    return int(text)


def _those(number: int | None) -> Sequence[Campaign]:
    if number is None:
        if found := [*backtesting.signed()]:
            return found
        raise Refused(_("No campaign is signed yet: there is nothing to replay."))
    campaign = the_campaign(number)
    if campaign not in backtesting.signed():
        raise Refused(_("Campaign %(number)s is not signed.") % {"number": number})
    return [campaign]


def _plain(one: Replayed) -> dict[str, object]:
    return {
        "campaign": one.campaign.pk,
        "due_until": one.campaign.due_until,
        "answered": one.answered,
        "hidden": one.hidden,
        "untold": one.untold,
        "estimates": _shares(one.ours),
        "mean_of_four": {**_shares(one.mean), "ours": _shares(one.beside_mean)},
        "last_year": {**_shares(one.last_year), "ours": _shares(one.beside_last_year)},
    }


def _shares(found: Accuracy) -> dict[str, object]:
    shares = {part: getattr(found, part) for part in PARTS}
    return {
        "count": found.count,
        **{
            part: None if share is None else round(float(share), 4)
            for part, share in shares.items()
        },
    }


def _checks(one: Rechecked) -> dict[str, object]:
    return {
        "checks": {
            "values": one.values, "devices": one.devices, "asked": one.asked, "right": one.right,
            "missed": one.missed,
            "by_code": {
                code.value: {"asked": asked, "right": right}
                for code, (asked, right) in sorted(one.by_code.items())
            },
        }
    }  # fmt: skip


def _lines(one: Replayed) -> list[str]:
    head = _(
        "Campaign %(number)s, due until %(day)s: of %(answered)d answers %(hidden)d were hidden,"
        " %(untold)d of them of meters that nobody had read before."
    )
    ours = _(
        "Estimates (%(count)d): error %(error)s, bias %(bias)s, more than a quarter off %(far)s,"
        " inside the range %(covered)s"
    )
    mean = _(
        "Mean of four periods (%(count)d): error %(error)s, bias %(bias)s; the estimates of the same"
        " meters %(our_error)s"
    )
    last_year = _(
        "Same days last year (%(count)d): error %(error)s, bias %(bias)s; the estimates of the same"
        " meters %(our_error)s"
    )
    names = {
        "number": one.campaign.pk, "day": wording.day(one.campaign.due_until),
        "answered": one.answered, "hidden": one.hidden, "untold": one.untold,
    }  # fmt: skip
    return [
        head % names,
        "  " + ours % _texts(one.ours),
        "  " + mean % _pair(one.mean, one.beside_mean),
        "  " + last_year % _pair(one.last_year, one.beside_last_year),
    ]


def _prompts(one: Rechecked) -> list[str]:
    head = _(
        "Checks: %(devices)d declarations of a device, %(asked)d asked about, %(right)d rightly;"
        " %(missed)d wrong values passed"
    )
    names = {
        "devices": one.devices, "asked": one.asked, "right": one.right, "missed": one.missed,
    }  # fmt: skip
    codes = [f"    {code}: {right}/{asked}" for code, (asked, right) in sorted(one.by_code.items())]
    return ["  " + head % names, *codes]


def _pair(theirs: Accuracy, ours: Accuracy) -> dict[str, object]:
    return {**_texts(theirs), "our_error": _texts(ours)["error"]}


def _texts(found: Accuracy) -> dict[str, object]:
    return {
        "count": found.count,
        "error": _text(found.error),
        "bias": _text(found.bias, sign="+"),
        "far": _text(found.far_off),
        "covered": _text(found.covered),
    }


def _text(share: Fraction | None, *, sign: str = "-") -> str:
    if share is None:
        return "–"
    told = f"{float(share) * 100:{sign}.1f}"
    return f"{told.replace('.', ',')}\u202f%" if wording.in_french() else f"{told}%"
