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
    help = _("Stop a campaign where it stands: no mail leaves, nobody is estimated.")
    writes = True

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", type=int, metavar="ID")

    def act(self, options: dict[str, Any], *, now: datetime) -> Answer:
        campaign = the_campaign(options["campaign"])
        try:
            taken_back = pausing.pause(campaign.pk, by=office(), now=now)
        except pausing.NotOpen:
            raise Refused(_("Only an open campaign can be paused.")) from None
        except pausing.PausedAlready:
            raise Refused(_("This campaign is paused already.")) from None
        return {"campaign": campaign.pk, "paused_at": now, "taken_back": taken_back}
