from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from releveur.campaigns import pausing
from releveur.ops.at_the_keyboard import office
from releveur.ops.doors import Answer, Door, Refused
from releveur.ops.management.commands.campaign_status import the_campaign


class Command(Door):
    help = _("Go on with a paused campaign: its dates move by the pause, and people are told.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", type=int, metavar="ID")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        campaign = the_campaign(options["campaign"])
        try:
            told = pausing.resume(campaign.pk, by=office(), now=now)
        except pausing.NotPaused:
            raise Refused(_("This campaign is not paused.")) from None
        campaign.refresh_from_db()
        return {"campaign": campaign.pk, "closes_at": campaign.closes_at, "told": told}
